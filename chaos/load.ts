import { setTimeout as pause } from 'node:timers/promises';
import type { ProvisioningStatus } from '../src/contract/coordinator';
import { differencesOf, flawsOf, narrowed } from './check';
import type { World } from './check';
import type { Coordinator } from './coordinator';
import { thingsOf } from './fabric-check';
import type { Warehouse } from './fabric-check';
import { heldAfter, holdingDifferences, HOLDS_NOTHING, letsIn, seenHolding } from './fabric-model';
import { lakeThingsOf } from './lakehouse-check';
import type { Lakehouse } from './lakehouse-check';
import { after, NOTHING } from './model';
import type { Problems } from './problems';
import { actsOf, bodyOf, countDifferent, fabricOf, keyOf } from './requests';
import type { Known, Request, Scale, Variant } from './requests';
import type { ClosedRun, Runs } from './runs';
import type { Secrets } from './secrets';

/** Milliseconds by which Temporal's times may be off. */
const CLOCK = 50;

/** A token that was handed out, and what became of it. */
interface Sent {
  component: string;
  token: string;
  request: Request;
  /** Absent until it is terminal. */
  status?: ProvisioningStatus;
}

/** What there is, in Airbyte and in the fabric. */
export interface Worlds {
  airbyte: World;
  warehouse: Warehouse;
  lakehouse: Lakehouse;
}

interface LoadOptions extends Scale {
  coordinator: Coordinator;
  runs: Runs;
  problems: Problems;
  secrets: Secrets;
  look: () => Promise<Worlds>;
  /** Ends the load: what has been sent is still followed. */
  enough: AbortSignal;
}

export type Component = ReturnType<typeof createComponent>;

const isFailed = (sent: Sent | undefined) => sent?.status?.status === 'FAILED';

/** One component as its owners use it; after each act Airbyte must have what the runs say. */
const createComponent = (component: string, options: LoadOptions) => {
  const { coordinator, runs, secrets, look, problems } = options;
  const key = keyOf(component);
  const fabric = fabricOf(component);
  const acts = actsOf(options, component);
  const sent: Sent[] = [];
  const ended: ClosedRun[] = [];
  const requests = new Map<string, Request>();
  let known: Known | undefined;
  let expected = NOTHING;
  let held = HOLDS_NOTHING;

  const thingsIn = ({ warehouse, lakehouse }: Worlds): ReadonlySet<string> =>
    new Set([...thingsOf(key, warehouse), ...lakeThingsOf(key, lakehouse)]);

  const differences = (worlds: Worlds) => [
    ...differencesOf(key, expected, worlds.airbyte),
    ...holdingDifferences(key, held, thingsIn(worlds)),
  ];

  const isThere = (variant: Variant) => letsIn(held, variant);

  const isInVain = (request: Request) =>
    request.operation === 'updateacl' && !isThere(request.variant);

  const send = async (request: Request) => {
    const token = await coordinator.send(request.operation, bodyOf(component, request, known));
    const one: Sent = { component, token, request };
    sent.push(one);
    requests.set(token, request);
    one.status = await coordinator.follow(token);
    problems.add(flawsOf(token, one.status), [token]);
    return one;
  };

  const learn = (run: ClosedRun) => {
    ended.push(run);
    const request = requests.get(run.token);
    const { closedAt, milliseconds } = run;
    const valuesOf = (name: string) =>
      secrets.during(name, closedAt - milliseconds - CLOCK, closedAt + CLOCK);
    if (request) expected = after(expected, { request, status: run.status, valuesOf });
    else problems.add([`${run.token} was never handed out`], [run.token]);
    const isOfPipeline = request?.operation !== 'updateacl';
    if (run.status.status === 'COMPLETED' && isOfPipeline)
      known = run.status.info?.privateInfo ?? known;
  };

  const act = async (together: Request[]) => {
    const acts = await Promise.all(together.map(send));
    const tokens = [...new Set(acts.map(({ token }) => token))];
    if (tokens.length !== countDifferent(component, together))
      problems.add([`${key}: the same token for different requests, or the reverse`], tokens);
    const seen = new Set(ended.map(({ runId }) => runId));
    const closed = await runs.ended(component, tokens, seen);
    for (const run of closed) learn(run);
    held = heldAfter(
      held,
      closed.flatMap(({ token, status }) => {
        const request = requests.get(token);
        return request ? [{ request, status }] : [];
      }),
    );
    const worlds = await look();
    problems.add(differences(worlds), tokens);
    expected = narrowed(key, expected, worlds.airbyte);
    held = seenHolding(held, thingsIn(worlds));
  };

  /** Who is to read what is not there cannot be: it is made first, if it comes about. */
  const makeWhatIsRead = async (together: Request[]) => {
    const request = together.find(isInVain);
    if (request?.variant) await act([{ operation: 'provision', variant: request.variant }]);
  };

  return {
    key,
    fabric,
    sent,
    ended,
    /** How who reads was changed by runs that came about. */
    changes: () =>
      ended.flatMap(({ token, status }) => {
        const request = requests.get(token);
        const isChange = request?.operation === 'updateacl' && status.status === 'COMPLETED';
        return isChange ? [request.change] : [];
      }),

    /** What writes to a fabric is there when trouble begins: else hardly anybody would come to read. */
    deploy: async () => {
      if (fabric) await act(acts.next().value.requests);
    },

    live: async () => {
      const { enough } = options;
      for (const { pause: time, requests: together } of acts) {
        await pause(time, undefined, { signal: enough }).catch(() => undefined);
        if (enough.aborted) return;
        await makeWhatIsRead(together);
        const others = together.filter((request) => !isInVain(request));
        if (others.length > 0) await act(others);
      }
    },

    /** Sends again what failed last: nothing is in its way any more. */
    mend: async () => {
      const last = sent.at(-1);
      if (!last || !isFailed(last)) return;
      const mayFail = isInVain(last.request);
      await act([last.request]);
      if (isFailed(sent.at(-1)) && !mayFail)
        problems.add([`${last.token} failed again, with nothing in its way`], [last.token]);
    },

    /** The tokens without an end, and what is not as the last run left it. */
    check: (worlds: Worlds) => {
      for (const { token, status } of sent) problems.add(flawsOf(token, status), [token]);
      const tokens = ended.slice(-3).map(({ token }) => token);
      problems.add(differences(worlds), tokens);
    },
  };
};

export const createComponents = (options: LoadOptions): Component[] =>
  Array.from({ length: options.count }, (_, index) =>
    createComponent(`c${String(index + 1)}`, options),
  );
