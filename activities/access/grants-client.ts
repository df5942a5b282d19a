import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { z } from 'zod';
import { createAsking, silent } from './asking';
import type { Remembering } from './asking';
import { digestOf } from '../../src/contract/ids';
import { inToken } from '../../workflows/protocol/ids';
import { MAX_ID } from '../../workflows/protocol/lengths';
import type { Granted, Grantees, Hold, Settle } from '../../workflows/grantees/records';
import {
  addUpdate,
  changedQuery,
  enlistUpdate,
  forgetUpdate,
  formerQuery,
  holdUpdate,
  peopleQuery,
  settleUpdate,
  strikeUpdate,
} from '../../workflows/grantees/requests';

/*
 * Where it is remembered who was granted what: a workflow for each component that gives access, and
 * a fixed number of them for the people, each with its part of them.
 */

/** People in one update, when many are moved. */
const MOVED_AT_ONCE = 200;

/** The workflow of earlier versions, which remembered all grants of a workspace. */
const formerId = (taskQueue: string) => `grants.${taskQueue}`;

const componentId = (taskQueue: string, component: string) => {
  const id = `grants.${taskQueue}.${inToken(component)}`;
  if (id.length <= MAX_ID) return id;
  const digits = `~${digestOf(component)}`;
  return `${id.slice(0, MAX_ID - digits.length)}${digits}`;
};

/** People are of a workspace: where one task queue is for several, each has its own. */
export const granteesId = (taskQueue: string, shard: number, workspace?: string) =>
  [
    'grantees',
    taskQueue,
    ...(workspace === undefined ? [] : [workspace]),
    String(shard).padStart(2, '0'),
  ].join('.');

const FormerGrants = z.object({
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
interface Former {
  wanted: Record<string, string[]>;
  grantees: Grantees;
}

export type GrantsClient = ReturnType<typeof createGrantsClient>;

interface GrantsDeps {
  client: Client;
  /** Of Airbyte, where a task queue is for several. */
  workspace?: string | undefined;
}

export const createGrantsClient = ({ client, workspace }: GrantsDeps) => {
  const { update, query, isRunning, terminate } = createAsking({ client });

  const ofComponent = (taskQueue: string, component: string): Remembering => ({
    workflowId: componentId(taskQueue, component),
    taskQueue,
    type: 'componentGrants',
    nothing: [],
    summary: 'Whom a component gives access to',
  });
  const ofPeople = (taskQueue: string, shard: number): Remembering => ({
    workflowId: granteesId(taskQueue, shard, workspace),
    taskQueue,
    type: 'grantees',
    nothing: {},
    summary: 'Who was granted what, and for how many components',
  });

  return {
    /** Keys of those whom a component gives access to, or has begun to; starts nothing. */
    people: async (taskQueue: string, component: string): Promise<string[]> =>
      (await query(componentId(taskQueue, component), peopleQuery)) ?? [],

    enlist: (taskQueue: string, component: string, keys: string[]) =>
      update(ofComponent(taskQueue, component), enlistUpdate, [keys]),

    strike: (taskQueue: string, component: string, keys: string[]) =>
      update(ofComponent(taskQueue, component), strikeUpdate, [keys]),

    /** Whom it holds now, as they are remembered; or the token of the run that holds one of them. */
    async hold(
      taskQueue: string,
      shard: number,
      hold: Hold,
    ): Promise<{ records: Grantees } | { heldBy: string }> {
      try {
        return { records: await update(ofPeople(taskQueue, shard), holdUpdate, [hold]) };
      } catch (err) {
        if (err instanceof ApplicationFailure && err.type === 'Held')
          return { heldBy: err.message };
        throw err;
      }
    },

    async settle(taskQueue: string, shard: number, settle: Settle): Promise<void> {
      const place = ofPeople(taskQueue, shard);
      if (await update(place, settleUpdate, [settle])) return;
      throw silent(place.workflowId, 'another attempt goes on in the place of this one');
    },

    forget: (taskQueue: string, shard: number, component: string) =>
      update(ofPeople(taskQueue, shard), forgetUpdate, [digestOf(component)]),

    /** Keys of those whom a run of the component has changed, and not put back. */
    changedBy: async (taskQueue: string, shard: number, of: { component: string; run: string }) =>
      (await query(granteesId(taskQueue, shard, workspace), changedQuery, {
        ...of,
        component: digestOf(of.component),
      })) ?? [],

    /** What it remembers is of the one workspace that there was then. */
    hasFormer: async (taskQueue: string) =>
      workspace === undefined && (await isRunning(formerId(taskQueue))),

    /** What the workflow of earlier versions remembers. */
    async former(taskQueue: string): Promise<Former> {
      const remembered = await query(formerId(taskQueue), formerQuery);
      const { wanted, grants } = FormerGrants.parse(remembered ?? { wanted: {}, grants: {} });
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
        await update(ofPeople(taskQueue, shard), addUpdate, [some]);
      }
    },

    /** Ends the workflow of earlier versions, once all it remembers is remembered elsewhere. */
    endFormer: (taskQueue: string) =>
      terminate(
        formerId(taskQueue),
        'What it remembers is remembered per component and person now.',
      ),
  };
};
