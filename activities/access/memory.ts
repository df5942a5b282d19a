import { digestOf } from '../../src/contract/ids';
import { ApplicationFailure, WorkflowNotFoundError } from '@temporalio/common';
import { WithStartWorkflowOperation, WorkflowUpdateFailedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import type { FailureDetails } from '../attempt';
import type { Granted, Grantees, Hold, Settle } from '../../workflows/grantees/records';
import { MAX_ID } from '../../src/contract/lengths';
import { inToken } from '../../src/contract/ids';

/*
 * Where it is remembered who was granted what: a workflow for each component that gives access, and
 * a fixed number of them for the people, each with its part of them. Changes go by Update-with-Start;
 * each may be repeated, as what a workflow keeps decides what an update does.
 */

/** Milliseconds a workflow that remembers may take to answer. */
const PATIENCE = 10_000;
/** People in one update, when many are moved. */
const MOVED_AT_ONCE = 200;

/** The workflow of earlier versions, which remembered all grants of a workspace. */
export const formerId = (taskQueue: string) => `grants.${taskQueue}`;

const componentId = (taskQueue: string, component: string) => {
  const id = `grants.${taskQueue}.${inToken(component)}`;
  if (id.length <= MAX_ID) return id;
  const digits = `~${digestOf(component)}`;
  return `${id.slice(0, MAX_ID - digits.length)}${digits}`;
};

export const granteesId = (taskQueue: string, shard: number) =>
  `grantees.${taskQueue}.${String(shard).padStart(2, '0')}`;

const Former = z.object({
  wanted: z.record(z.string(), z.array(z.string())),
  grants: z.record(
    z.string(),
    z.object({
      key: z.string(),
      person: z.object({ id: z.string(), organizationId: z.string() }),
      type: z.string(),
      id: z.string().optional(),
    }),
  ),
});

/** Whom one component wants, and what everybody was granted, by principal's key. */
export interface FormerMemory {
  wanted: Record<string, string[]>;
  grantees: Grantees;
}

const failure = (details: FailureDetails, { isFinal }: { isFinal: boolean }) =>
  ApplicationFailure.create({
    message: details.problem,
    type: 'AccessMemory',
    nonRetryable: isFinal,
    details: [details],
  });

const silent = (workflowId: string, cause: unknown) =>
  failure(
    {
      problem: `The workflow ${workflowId}, which remembers who was granted what, does not answer: ${cause instanceof Error ? cause.message : String(cause)}.`,
      solution: 'Ask the platform operator to look at that workflow, then send the request again.',
    },
    { isFinal: false },
  );

const full = (workflowId: string, why: string) =>
  failure(
    {
      problem: `The workflow ${workflowId} ${why}. Nobody else is affected.`,
      solution: 'Give access to groups instead of many people, then send the request again.',
    },
    { isFinal: true },
  );

/** What an update was refused with; undefined where it was not. */
const refusalIn = (err: unknown) => {
  const cause = err instanceof WorkflowUpdateFailedError ? err.cause : undefined;
  return cause instanceof ApplicationFailure ? cause : undefined;
};

interface Remembering {
  workflowId: string;
  taskQueue: string;
  type: 'componentGrants' | 'grantees';
  nothing: unknown[] | object;
  summary: string;
}

export type AccessMemory = ReturnType<typeof createAccessMemory>;

export const createAccessMemory = ({ client }: { client: Client }) => {
  const inTime = <Result>(ask: () => Promise<Result>) =>
    client.withDeadline(Date.now() + PATIENCE, ask);

  const ofComponent = (taskQueue: string, component: string): Remembering => ({
    workflowId: componentId(taskQueue, component),
    taskQueue,
    type: 'componentGrants',
    nothing: [],
    summary: 'Whom a component gives access to',
  });
  const ofPeople = (taskQueue: string, shard: number): Remembering => ({
    workflowId: granteesId(taskQueue, shard),
    taskQueue,
    type: 'grantees',
    nothing: {},
    summary: 'Who was granted what, and for how many components',
  });

  const update = async <Result>(
    { workflowId, taskQueue, type, nothing, summary }: Remembering,
    name: string,
    args: unknown[],
  ): Promise<Result> => {
    const startWorkflowOperation = new WithStartWorkflowOperation(type, {
      workflowId,
      taskQueue,
      args: [nothing],
      workflowIdConflictPolicy: 'USE_EXISTING',
      staticSummary: summary,
    });
    // Told by the update as well.
    startWorkflowOperation.workflowHandle().catch(() => undefined);
    try {
      return await inTime(() =>
        client.workflow.executeUpdateWithStart<() => Promise<void>, Result, unknown[]>(name, {
          args,
          startWorkflowOperation,
        }),
      );
    } catch (err) {
      const refusal = refusalIn(err);
      if (refusal?.type === 'Full') throw full(workflowId, refusal.message);
      if (refusal) throw refusal;
      throw silent(workflowId, err);
    }
  };

  /** Undefined where there is no such workflow, or none that still remembers. */
  const query = async <Result>(
    workflowId: string,
    name: string,
    args: unknown[],
  ): Promise<Result | undefined> => {
    try {
      return await inTime(() =>
        client.workflow.getHandle(workflowId).query<Result, unknown[]>(name, ...args),
      );
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return undefined;
      throw silent(workflowId, err);
    }
  };

  const isRunning = async (workflowId: string) => {
    try {
      const { status } = await inTime(() => client.workflow.getHandle(workflowId).describe());
      return status.name === 'RUNNING';
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return false;
      throw silent(workflowId, err);
    }
  };

  return {
    /** Keys of those whom a component gives access to, or has begun to; starts nothing. */
    people: async (taskQueue: string, component: string): Promise<string[]> =>
      (await query<string[]>(componentId(taskQueue, component), 'grants', [])) ?? [],

    enlist: (taskQueue: string, component: string, keys: string[]) =>
      update<undefined>(ofComponent(taskQueue, component), 'enlist', [keys]),

    strike: (taskQueue: string, component: string, keys: string[]) =>
      update<undefined>(ofComponent(taskQueue, component), 'strike', [keys]),

    /** Whom it holds now, as they are remembered; or the token of the run that holds one of them. */
    async hold(
      taskQueue: string,
      shard: number,
      hold: Hold,
    ): Promise<{ records: Grantees } | { heldBy: string }> {
      try {
        return { records: await update(ofPeople(taskQueue, shard), 'hold', [hold]) };
      } catch (err) {
        if (err instanceof ApplicationFailure && err.type === 'Held')
          return { heldBy: err.message };
        throw err;
      }
    },

    async settle(taskQueue: string, shard: number, settle: Settle): Promise<void> {
      const place = ofPeople(taskQueue, shard);
      if (await update<boolean>(place, 'settle', [settle])) return;
      throw silent(place.workflowId, 'another attempt goes on in the place of this one');
    },

    forget: (taskQueue: string, shard: number, component: string) =>
      update<undefined>(ofPeople(taskQueue, shard), 'forget', [digestOf(component)]),

    /** Keys of those whom a run of the component has changed, and not put back. */
    changedBy: async (taskQueue: string, shard: number, of: { component: string; run: string }) =>
      (await query<string[]>(granteesId(taskQueue, shard), 'changed', [
        { ...of, component: digestOf(of.component) },
      ])) ?? [],

    hasFormer: (taskQueue: string) => isRunning(formerId(taskQueue)),

    /** What the workflow of earlier versions remembers. */
    async former(taskQueue: string): Promise<FormerMemory> {
      const told = await query<unknown>(formerId(taskQueue), 'grants', []);
      const { wanted, grants } = Former.parse(told ?? { wanted: {}, grants: {} });
      const grantees: Grantees = {};
      const of = (key: string) => (grantees[key] ??= { wantedBy: [], granted: [] });
      for (const [component, keys] of Object.entries(wanted))
        for (const key of keys) of(key).wantedBy.push(digestOf(component));
      for (const { key, person, type, id } of Object.values(grants)) {
        const granted: Granted = {
          type,
          id,
          of: person.id,
          organizationId: person.organizationId,
          run: '',
        };
        of(key).granted.push(granted);
      }
      return { wanted, grantees };
    },

    /** Remembers people of one part, besides what is remembered of them. */
    async add(taskQueue: string, shard: number, grantees: Grantees) {
      const entries = Object.entries(grantees);
      for (let from = 0; from < entries.length; from += MOVED_AT_ONCE) {
        const some = Object.fromEntries(entries.slice(from, from + MOVED_AT_ONCE));
        await update<undefined>(ofPeople(taskQueue, shard), 'add', [some]);
      }
    },

    /** Ends the workflow of earlier versions, once all it remembers is remembered elsewhere. */
    endFormer: (taskQueue: string) =>
      inTime(() =>
        client.workflow
          .getHandle(formerId(taskQueue))
          .terminate('What it remembers is remembered per component and person now.'),
      ),
  };
};
