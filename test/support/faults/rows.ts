import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { API, nameIn } from '../airbyte-operations';
import type { Call, EntityKind, Operation } from './calls';
import { CHANGES, idsIn, lettersOf, seen, textsOf } from './entities';
import type { Patience } from './kinds';
import type { Harnesses } from './harnesses';
import { markOf, rowsOf } from './matrix';
import type { End, Row } from './matrix';
import { recordRows } from './matrix-document';
import { eventually } from '../harness';
import type { Harness } from '../harness';
import { sampled } from '../sample';

/** Milliseconds for all rows of a file, as each one's time begins with the first. */
const ALL_ROWS = 1_800_000;

/** Milliseconds. */
const POLL = 80;

const REQUESTS = {
  'first provision': { verb: 'provision', changes: {}, more: {} },
  update: { verb: 'provision', changes: CHANGES, more: {} },
  unprovision: { verb: 'unprovision', changes: {}, more: {} },
  'unprovision with removeData': { verb: 'unprovision', changes: {}, more: { removeData: true } },
} as const;

const told = (privateInfo: unknown) => {
  const id = 'urn:dmb:cmp:finance:cashflow:0:payments';
  const components = [{ id, info: { publicInfo: {}, privateInfo } }];
  return { latestEnrichedDescriptor: JSON.stringify({ components }) };
};

type Status = Awaited<ReturnType<Harness['status']>>;

type Ids = NonNullable<Status['info']>['privateInfo'];

/** Again where a hasty run gave up on a busy machine. Gives the ids that it told. */
const provisioned = (harness: Harness) =>
  eventually(async () => {
    const { status, info } = await harness.run('provision');
    return status === 'COMPLETED' ? info?.privateInfo : undefined;
  }, 'a pipeline to begin with');

/** The ids of the pipeline that each Airbyte has saved, and how many rows have begun with it. */
const pipelines = new Map<Harness, { ids: Ids; rows: number }>();
/** Of two runs each: former secrets are looked for among the last 200 runs of a component. */
const MAX_ROWS = 60;

const restored = async (harness: Harness): Promise<Ids> => {
  const known = pipelines.get(harness);
  if (known && known.rows < MAX_ROWS) {
    known.rows += 1;
    await harness.control('POST', '/restore');
    return known.ids;
  }
  if (known) await harness.resetAirbyte();
  const ids = await provisioned(harness);
  pipelines.set(harness, { ids, rows: 1 });
  await harness.control('POST', '/save');
  return ids;
};

/** Brings Airbyte to where the operation begins; returns the request to send. */
const prepare = async (harness: Harness, { operation, byIds, paused }: Call) => {
  const { verb, changes, more } = REQUESTS[operation];
  if (operation === 'first provision') return () => harness.start(verb, changes, more);
  const ids = await restored(harness);
  if (paused)
    await harness.airbyte('PATCH', `/connections/${String(ids.connectionId)}`, {
      status: 'inactive',
    });
  return () => harness.start(verb, changes, { ...more, ...(byIds && told(ids)) });
};

/** Waits in Temporal for the end of a run, which leaves the machine to the runs. */
const awaited = async ({ client }: Harness, token: string) => {
  await client.workflow
    .getHandle(token)
    .result()
    .catch(() => undefined);
};

/** What lasts is lifted once the run undoes its work, as an outage ends: the undo then works. */
const lifted = (harness: Harness, token: string) =>
  eventually(async () => {
    await pause(POLL);
    const { status, result } = await harness.status(token);
    if (status !== 'RUNNING') return true;
    if (!result.startsWith('Failed;')) return undefined;
    await harness.clearFaults();
    return true;
  }, `the undoing of ${token}`);

const ended = async (harness: Harness, token: string, patience: Patience) => {
  if (patience === 'hasty') await lifted(harness, token);
  await awaited(harness, token);
  return harness.status(token);
};

const Faults = z.object({
  late: z.number(),
  faults: z.array(z.object({ operation: z.string(), hits: z.number() })),
});

/**
 * When Airbyte has done everything it was asked, though late: whether the call was made that the row
 * is about. What is used up, or was lifted, is not listed any more.
 */
const allBefell = (harness: Harness, { name }: Call) =>
  eventually(async () => {
    const { late, faults } = Faults.parse(await harness.control('GET', '/faults'));
    const meant = nameIn(API, name);
    const unmet = faults.some(({ operation, hits }) => operation === meant && hits === 0);
    return late > 0 ? undefined : { befell: !unmet };
  }, 'what Airbyte does late');

const KINDS: EntityKind[] = ['source', 'destination', 'connection'];

const leftBehindIn = ({ result }: Status) => {
  const [, left = ''] = /^Left behind in Airbyte: (.*)\.$/m.exec(result) ?? [];
  const all = left.startsWith('whatever was there');
  return KINDS.filter((kind) => all || left.includes(`the ${kind} "`))
    .map((kind) => kind.charAt(0))
    .join('');
};

const idsTold = ({ info }: Status) => {
  const { workspaceId: _workspaceId, ...ids } = info?.privateInfo ?? {};
  return ids;
};

interface Played {
  /** The call was made that the row is about. */
  befell: boolean;
  end: End;
  /** Of a completed run: the ids it told are those in Airbyte. */
  told: boolean;
  /** Of a completed run: the same request then found nothing to do. */
  stable: boolean;
  /** How the same request ended when Airbyte was well again. */
  again: Pick<End, 'status' | 'exists'>;
}

/** Runs a row; the status texts tell why it went as it did. */
const play = async (harness: Harness, { call, kind, faults }: Row) => {
  const { operation } = call;
  const entities = async () => seen(await harness.entities('?secrets=true'));
  const send = await prepare(harness, call);
  const before = await entities();
  for (const fault of faults) await harness.fault(fault);
  if (call.tokenRevoked) await harness.control('DELETE', '/tokens');
  const first = await ended(harness, await send(), kind.patience);
  const { befell } = await allBefell(harness, call);
  const after = await entities();

  await harness.clearFaults();
  const second = await ended(harness, await send(), kind.patience);
  const healed = await entities();
  const completed = first.status === 'COMPLETED';
  const played: Played = {
    befell,
    end: {
      status: first.status,
      exists: lettersOf(after, before, operation),
      leftBehind: leftBehindIn(first),
    },
    told: !completed || isDeepStrictEqual(idsTold(first), idsIn(after)),
    stable: !completed || isDeepStrictEqual(textsOf(after), textsOf(healed)),
    again: { status: second.status, exists: lettersOf(healed, before, operation) },
  };
  return { played, texts: [first.result, second.result] };
};

const wantedOf = ({ call, end }: Row): Played => ({
  befell: true,
  end,
  told: true,
  stable: true,
  again: {
    status: 'COMPLETED',
    exists: call.operation.startsWith('unprovision') ? '' : 'SDC',
  },
});

const difference = (row: Row, played: Played, texts: string[]) =>
  [
    row.name,
    `expected ${JSON.stringify(wantedOf(row))}`,
    `got      ${JSON.stringify(played)}`,
    ...texts,
  ].join('\n');

/** One test for each row of the operation; they run side by side on harnesses of their own. */
export const testRows = (operation: Operation, withHarness: Harnesses) => {
  const record = recordRows(operation);
  test.concurrent.each(sampled(rowsOf(API, operation)))(
    '$name',
    async (row) => {
      const { played, texts } = await withHarness(row.kind.patience, (harness) =>
        play(harness, row),
      );
      const right = isDeepStrictEqual(played, wantedOf(row));
      record(row, { mark: markOf(played.end), right });
      if (!right) throw new Error(difference(row, played, texts));
    },
    ALL_ROWS,
  );
};
