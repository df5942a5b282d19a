import { setTimeout as pause } from 'node:timers/promises';
import type { ProvisioningStatus } from '../src/contract';
import { differencesOf, flawsOf } from './check';
import type { World } from './check';
import type { Coordinator } from './coordinator';
import { after, NOTHING } from './model';
import { actsOf, bodyOf, keyOf } from './requests';
import type { Known, Request } from './requests';
import type { ClosedRun, Runs } from './runs';

/** A token that was handed out, and what became of it. */
export interface Sent {
  component: string;
  token: string;
  request: Request;
  /** Absent until it is terminal. */
  status?: ProvisioningStatus;
}

/** Something that is not as it should be, and the tokens whose histories tell why. */
export interface Problem {
  what: string;
  tokens: string[];
}

export interface LoadOptions {
  seed: number;
  coordinator: Coordinator;
  runs: Runs;
  look: () => Promise<World>;
  /** Ends the load: what has been sent is still followed. */
  enough: AbortSignal;
}

export interface Load {
  sent: Sent[];
  ended: ClosedRun[];
  problems: Problem[];
}

const privateInfoOf = ({ status, info }: ProvisioningStatus): Known | undefined =>
  status === 'COMPLETED' ? info?.privateInfo : undefined;

/** The life of one component; after each act Airbyte must have what the runs say. */
export const createComponent = (component: string, options: LoadOptions, load: Load) => {
  const { coordinator, runs, look } = options;
  const requests = new Map<string, Request>();
  const seen = new Set<string>();
  let known: Known | undefined;
  let expected = NOTHING;

  const complain = (what: string[], tokens: string[]) => {
    load.problems.push(...what.map((each) => ({ what: each, tokens })));
  };

  const send = async (request: Request): Promise<Sent> => {
    const token = await coordinator.send(request.operation, bodyOf(component, request, known));
    const sent: Sent = { component, token, request };
    load.sent.push(sent);
    requests.set(token, request);
    sent.status = await coordinator.follow(token);
    complain(flawsOf(token, sent.status), [token]);
    return sent;
  };

  /** What the runs that have ended since the last time say there should be, against what there is. */
  const check = async (tokens: string[]) => {
    for (const run of await runs.ended(component, tokens, seen)) {
      seen.add(run.runId);
      load.ended.push(run);
      const request = requests.get(run.token);
      if (!request) complain([`${run.token} was never handed out`], [run.token]);
      else expected = after(expected, { request, status: run.status });
    }
    complain(differencesOf(keyOf(component), expected, await look()), tokens);
  };

  const act = async (together: Request[]) => {
    const sent = await Promise.all(together.map(send));
    const tokens = [...new Set(sent.map(({ token }) => token))];
    if (tokens.length !== new Set(together.map((request) => JSON.stringify(request))).size)
      complain(
        [`${component}: ${String(together.length)} requests at once got wrong tokens`],
        tokens,
      );
    await check(tokens);
    const last = sent.at(-1);
    if (last?.status) known = privateInfoOf(last.status) ?? known;
    return sent;
  };

  return {
    key: keyOf(component),
    expected: () => expected,

    live: async () => {
      const { enough } = options;
      for (const { pause: time, requests: together } of actsOf(options.seed, component)) {
        await pause(time, undefined, { signal: enough }).catch(() => undefined);
        if (enough.aborted) return;
        await act(together);
      }
    },

    /** Sends again what failed last: nothing is in the way now, so it must succeed. */
    mend: async () => {
      const last = load.sent.findLast((sent) => sent.component === component);
      if (last?.status?.status !== 'FAILED') return;
      const [again] = await act([last.request]);
      if (again?.status?.status !== 'COMPLETED')
        complain([`${last.token} failed again, with nothing in its way`], [last.token]);
    },
  };
};
export type Component = ReturnType<typeof createComponent>;
