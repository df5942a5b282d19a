import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { control, listIn, stateOf } from '../environments';
import { eventually } from '../harness';
import type { FabricWorld } from '../fabric-world';
import { isUndo } from './calls';
import type { Call, Operation, Seen, System } from './calls';
import type { Kind } from './kinds';

/* What rows of the fabrics' fault table play in: a fabric and an Airbyte, brought to where an operation begins. */

export type Start = 'with nothing' | 'with a pipeline' | 'with a pipeline that has moved';

/** How an operation is asked for. */
export interface Request {
  starts: Start;
  send: () => Promise<string>;
  /** What has become of the component since, by somebody else. */
  meanwhile?: () => Promise<void>;
  /** What the run fails of that is undone; after so many milliseconds, where it is to wait. */
  brought?: (delay?: number) => Promise<void>;
  /** Whether it has come to that. */
  hasCome?: () => Promise<boolean>;
  /** Of an undo: how many of these calls come before it. */
  begins?: (calls: Seen[]) => number;
  /** Of an undo: as often as this asks, unless `begins` says. */
  undoes?: Operation;
  /** Data goes that does not come back. */
  loses?: true;
}

/** What there is, by letters. `P` is the pipeline in Airbyte. */
export type State = Record<string, string[]>;

/** What may be another's, as its owner would have it. */
export interface Another {
  /** Its name, as a run tells it. */
  name: string;
  giveBack: () => Promise<void>;
}

/** One type of fabric, as the rows use it. */
export interface Side {
  /** Gives what an operation is about the tag of another component; makes it where there is none. */
  takeOver: Partial<Record<string, (operation: Operation) => Promise<Another>>>;
  system: System;
  requests: Partial<Record<Operation, Request>>;
  /** A first provision, and who reads it. */
  begin: () => Promise<{ provision: () => Promise<string>; access: () => Promise<string> }>;
  /** Has the component in another place than it was made in. */
  move: () => Promise<string>;
  control: (action: 'reset' | 'save' | 'restore') => Promise<void>;
  /** What is there of others from the beginning. */
  others: () => Promise<void>;
  /** What others do to a pipeline that is there. */
  furnish: () => Promise<void>;
  learn: () => Promise<void>;
  state: () => Promise<State>;
  calls: () => Promise<Seen[]>;
  forgetCalls: () => Promise<void>;
  fault: (call: Call, kind: Kind) => Promise<void>;
  clearFaults: () => Promise<void>;
  /** Once nothing is done late any more: whether the call was made that a fault was for. */
  wasMet: (call: Call) => Promise<boolean>;
  /** Whether a refusal is told with what is missing, or whom to ask. */
  tells: (call: Call, result: string) => boolean;
}

const Faults = z.object({ faults: z.array(z.unknown()) });

/** A call to Airbyte that it refuses, after the fabric has been prepared. */
export const failsInAirbyte = (world: FabricWorld, operation: string) => ({
  brought: (delay = 0) => world.airbyteFault({ operation, status: 422, delay }),
  hasCome: async () => {
    const answer: unknown = await (await fetch(`${world.airbyte.url}/_simulator/faults`)).json();
    return Faults.parse(answer).faults.length === 0;
  },
});

export const sorted = (all: unknown[]) => all.map((each) => JSON.stringify(each)).sort();

const FINGERPRINT = / #[0-9a-f]{8}\]/g;
const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const KINDS = ['sources', 'destinations', 'connections'];

/** The same whatever ids Airbyte gave, and when. */
export const withoutIds = ({ P = [], ...state }: State): State => ({
  P: P.map((text) =>
    text.replaceAll(UUID, 'id').replace(/"createdAt":\d+/, '"createdAt":0'),
  ).sort(),
  ...state,
});

/** Of runs of a component Temporal remembers so many that former secrets are looked for. */
const MAX_ROWS = 50;

export type Play = ReturnType<typeof createPlay>;

export const createPlay = (world: FabricWorld, side: Side) => {
  let begun: { with: Start; rows: number } | undefined;

  const both = async (action: 'reset' | 'save' | 'restore') => {
    await control(world.airbyte, { at: `/${action}` });
    await side.control(action);
  };

  const ended = async (token: string) => {
    await world.client.workflow
      .getHandle(token)
      .result()
      .catch(() => undefined);
    return world.status(token);
  };

  const complete = (what: string, send: () => Promise<string>) =>
    eventually(
      async () => ((await ended(await send())).status === 'COMPLETED' ? true : undefined),
      what,
    );

  const begin = async (starts: Start) => {
    if (begun?.with === starts && begun.rows < MAX_ROWS) {
      begun.rows += 1;
      await both('restore');
      return;
    }
    await both('reset');
    await side.others();
    if (starts !== 'with nothing') {
      const { provision, access } = await side.begin();
      await complete('a pipeline', provision);
      await complete('its readers', access);
      if (starts === 'with a pipeline that has moved')
        await complete('a pipeline elsewhere', side.move);
      await side.learn();
      await side.furnish();
    }
    await both('save');
    begun = { with: starts, rows: 1 };
  };

  /** Without what is put back without its fingerprint, on purpose. */
  const state = async (): Promise<State> => {
    const { jobs: _past, ...airbyte } = await stateOf(world.airbyte);
    const P = KINDS.flatMap((kind) => sorted(listIn(airbyte, kind))).map((text) =>
      text.replaceAll(FINGERPRINT, ']'),
    );
    return { P, ...(await side.state()) };
  };

  /** The run has begun to undo: what lasts ends, as an outage does. */
  const lifted = (token: string) =>
    eventually(async () => {
      const { status, result } = await world.status(token);
      if (status !== 'RUNNING') return true;
      if (!result.startsWith('Failed;')) return undefined;
      await side.clearFaults();
      return true;
    }, `the undoing of ${token}`);

  const begins = async (operation: Operation) => {
    const request = side.requests[operation];
    if (!request) throw new Error(`${side.system} has no ${operation}`);
    await begin(request.starts);
    await request.meanwhile?.();
    await side.forgetCalls();
    return request;
  };

  /** Sends it, and waits for the end. */
  const run = async (request: Request, lifts = false) => {
    const token = await request.send();
    if (lifts) await lifted(token);
    return ended(token);
  };

  const wanted = new Map<Operation, State>();

  return {
    side,
    state,
    begins,
    run,
    ended,
    resetAirbyte: () => Promise.resolve(),
    stop: world.stop,
    clearFaults: async () => {
      await side.clearFaults();
      await world.clearAirbyteFaults();
    },

    /** What a run asks that nothing befalls but what it is undone for; and how that begins. */
    asks: async (operation: Operation, countOf: (operation: Operation) => number) => {
      const request = await begins(operation);
      await request.brought?.();
      const before = await state();
      const { status, result } = await run(request);
      const calls = await side.calls();
      const after = await state();
      // What Airbyte had does not come back after an unprovision.
      const isAsBefore =
        !isUndo(operation) ||
        request.loses === true ||
        isDeepStrictEqual({ ...after, P: [] }, { ...before, P: [] });
      const undoes = request.undoes === undefined ? 0 : countOf(request.undoes);
      return { status, result, calls, begins: request.begins?.(calls) ?? undoes, isAsBefore };
    },

    /** As it is once the operation has completed; learnt once. */
    wanted: async (operation: Operation) => {
      const known = wanted.get(operation);
      if (known) return known;
      const request = await begins(operation);
      const { status, result } = await run(request);
      if (status !== 'COMPLETED') throw new Error(`${operation} alone ended ${status}: ${result}`);
      await side.learn();
      const learnt = withoutIds(await state());
      wanted.set(operation, learnt);
      return learnt;
    },
  };
};
