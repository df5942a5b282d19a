import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { ProvisioningStatus } from '../src/contract/coordinator';
import type { Bench } from './bench';
import { getOk, postOk, send } from './http';
import { timed } from './measure';
import { peakOf } from './processes';
import { withPrograms } from './sides';
import type { Programs } from './sides';
import { printTable } from './table';

const PEOPLE = 5000;
const SEEDED_AT_ONCE = 1000;
/** Milliseconds between two looks at a status. */
const LOOK_EVERY = 500;
const EDITIONS = ['enterprise', 'community'] as const;

interface Ran {
  edition: (typeof EDITIONS)[number];
  what: string;
  result: string;
  milliseconds: number;
  /** To Airbyte, tokens included. */
  calls: number;
  events: number;
  /** Bytes of the run's history. */
  history: number;
  /** Bytes, as Temporal keeps it: of all that the run and those who remember for it have in their histories. */
  largestPayload: number;
  /** MiB the worker has had at most since it began. */
  worker: number;
}

const Calls = z.object({ requests: z.array(z.unknown()) });

/** Inputs, results, failures, memos, heartbeats: whatever has bytes. */
const largestIn = (value: unknown): number => {
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 0;
  return Object.values(value).reduce<number>((most, each) => Math.max(most, largestIn(each)), 0);
};

const instrumentsOf = ({ stack, client }: Bench) => {
  const control = `${stack.airbyteUrl}/_simulator`;
  const largestOf = async (workflowId: string, runId?: string) =>
    largestIn((await client.workflow.getHandle(workflowId, runId).fetchHistory()).events);
  return {
    control,
    calls: async () => Calls.parse(JSON.parse(await getOk(`${control}/requests`))).requests.length,
    forgetCalls: () => send('DELETE', `${control}/requests`),
    /** Of a run, and of all runs of the workflows that remember people. */
    largest: async (token: string) => {
      let most = await largestOf(token);
      for (const type of ['grantees', 'componentGrants'])
        for await (const { workflowId, runId } of client.workflow.list({
          query: `WorkflowType="${type}"`,
        }))
          most = Math.max(most, await largestOf(workflowId, runId));
      return most;
    },
  };
};

interface On {
  bench: Bench;
  programs: Programs;
}

const ran = async (
  { bench, programs: { gatewayUrl, pids } }: On,
  { edition, what, path, body }: Pick<Ran, 'edition' | 'what'> & { path: string; body: object },
): Promise<Ran> => {
  const { client } = bench;
  const { calls, forgetCalls, largest } = instrumentsOf(bench);
  await forgetCalls();
  let token = '';
  let status: ProvisioningStatus = { status: 'RUNNING', result: '' };
  const milliseconds = await timed(async () => {
    token = await postOk(`${gatewayUrl}${path}`, JSON.stringify(body), 202);
    while (status.status === 'RUNNING') {
      await pause(LOOK_EVERY);
      const answer = await getOk(`${gatewayUrl}/v1/provision/${token}/status`);
      status = ProvisioningStatus.parse(JSON.parse(answer));
    }
  });
  const { historyLength, historySize = NaN } = await client.workflow.getHandle(token).describe();
  return {
    edition,
    what,
    milliseconds,
    result: `${status.status}: ${status.result.slice(0, 120)}`,
    calls: await calls(),
    events: historyLength,
    history: historySize,
    largestPayload: await largest(token),
    worker: peakOf(pids.worker),
  };
};

const grantsOn = async (on: On): Promise<Ran[]> => {
  const { bench, programs } = on;
  const { control } = instrumentsOf(bench);
  const emails = Array.from({ length: PEOPLE }, (_, index) => `bench.${String(index)}@example.com`);
  const rows: Ran[] = [];
  for (const edition of EDITIONS) {
    await postOk(`${control}/reset`, '', 200);
    for (let from = 0; from < PEOPLE; from += SEEDED_AT_ONCE) {
      const users = emails.slice(from, from + SEEDED_AT_ONCE).map((email) => ({ email }));
      await postOk(`${control}/people`, JSON.stringify({ edition, users }), 200);
    }
    const request = bench.requestFor(`grants-${programs.name}-${edition}`);
    rows.push(await ran(on, { edition, what: 'provision', path: '/v1/provision', body: request }));
    const refs = emails.map((email) => `user:${email}`);
    const provisionInfo = { request: request.descriptor, result: '' };
    const giving = { refs, provisionInfo };
    rows.push(await ran(on, { edition, what: 'updateacl', path: '/v1/updateacl', body: giving }));
    rows.push(
      await ran(on, { edition, what: 'unprovision', path: '/v1/unprovision', body: request }),
    );
  }
  printTable(
    `h. Access for ${String(PEOPLE)} new people, and an unprovision: ${programs.name}`,
    ['edition', 'run', 'took', 'calls', 'events', 'history', 'largest payload', 'worker', 'result'],
    rows.map((row) => [
      row.edition,
      row.what,
      `${(row.milliseconds / 1000).toFixed(1)} s`,
      String(row.calls),
      String(row.events),
      `${(row.history / 1024).toFixed(0)} KiB`,
      `${(row.largestPayload / 1024).toFixed(1)} KiB`,
      `${row.worker.toFixed(0)} MiB`,
      row.result,
    ]),
  );
  return rows;
};

/** One request that gives access to so many new people, and the unprovision that takes it from them. */
export const benchGrants = (bench: Bench): Promise<Record<string, Ran[]>> =>
  withPrograms(bench, { part: 'grants', worker: true }, async (all) => {
    const bySide: Record<string, Ran[]> = {};
    for (const programs of all) bySide[programs.name] = await grantsOn({ bench, programs });
    return bySide;
  });
