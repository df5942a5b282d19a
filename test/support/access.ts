import { WorkflowNotFoundError } from '@temporalio/client';
import { parse } from 'yaml';
import { z } from 'zod';
import { granteesId } from '../../activities/access/grants-client';
import { SHARDS, shardOf } from '../../workflows/grantees/shards';
import { descriptor } from './fixtures';
import type { Harness } from './harness';

const People = z.object({
  permissions: z.array(
    z.looseObject({ of: z.string(), permissionType: z.string(), permissionId: z.string() }),
  ),
});

const Grantees = z.record(
  z.string(),
  z.object({
    wantedBy: z.array(z.string()),
    granted: z.array(z.looseObject({ type: z.string(), id: z.string().optional() })),
    before: z.record(z.string(), z.unknown()).optional(),
    held: z.unknown().optional(),
  }),
);

/** Asking for access as the Coordinator does, and who has it then. */
export const accessOf = (harness: Harness) => {
  const shown = async () => People.parse(await harness.control('GET', '/people')).permissions;
  const requestFor = (component = 'payments') =>
    JSON.stringify(parse(descriptor({ environment: harness.environment, component })));
  const body = (refs: unknown, more: Record<string, unknown> = {}) => ({
    refs,
    provisionInfo: { request: requestFor(), result: '' },
    ...more,
  });
  const ask = async (refs: string[], component = 'payments') => {
    components.add(component);
    const provisionInfo = { request: requestFor(component), result: 'OK' };
    const answer = await harness.post('/v1/updateacl', { refs, provisionInfo });
    if (answer.status !== 202) throw new Error(`${String(answer.status)} ${answer.text}`);
    return answer.text;
  };
  const components = new Set<string>();
  const memoryOf = (component: string) =>
    harness.client.workflow.getHandle(
      `grants.${harness.environment}.${harness.environment}.finance.cashflow.0.${component}`,
    );
  const grantees = (shard: number) =>
    harness.client.workflow.getHandle(granteesId(harness.environment, shard));
  const shards = Array.from({ length: SHARDS }, (_, shard) => shard);
  const unlessGone = <Result>(result: Promise<Result>) =>
    result.catch((err: unknown) => {
      if (err instanceof WorkflowNotFoundError) return undefined;
      throw err;
    });
  return {
    body,
    requestFor,
    ask,
    /** Asks, and waits for the end. */
    update: async (refs: string[], component?: string) =>
      harness.finished(await ask(refs, component)),
    shown,
    /** `who: what`, in order. */
    who: async () =>
      (await shown()).map(({ of, permissionType }) => `${of}: ${permissionType}`).sort(),
    seed: (people: object) => harness.control('POST', '/people', people),
    /** The workflow that remembers whom a component gives access to. */
    memoryOf,
    /** The workflow that remembers somebody. */
    granteesOf: (key: string) => grantees(shardOf(key)),
    /** Whom a component is remembered to give access to. */
    peopleOf: async (component: string) =>
      z.array(z.string()).parse((await unlessGone(memoryOf(component).query('grants'))) ?? []),
    /** All who are remembered, and with what. */
    remembered: async () => {
      const all = shards.map(async (shard) => {
        const description = await unlessGone(grantees(shard).describe());
        // One that was terminated still answers, with what it knew.
        if (description?.status.name !== 'RUNNING') return {};
        return Grantees.parse((await unlessGone(grantees(shard).query('grants'))) ?? {});
      });
      return Object.fromEntries((await Promise.all(all)).flatMap((some) => Object.entries(some)));
    },
    /** As before anybody asked for access. */
    forget: async () => {
      await harness.resetAirbyte();
      const struck = [...components].map(async (component) => {
        const memory = memoryOf(component);
        const people = await unlessGone(memory.query('grants'));
        await unlessGone(memory.executeUpdate('strike', { args: [people ?? []] }));
      });
      await Promise.all(struck);
      await Promise.all(shards.map((shard) => unlessGone(grantees(shard).terminate())));
      components.clear();
    },
  };
};

export const isAccessWrite = ({
  method,
  operation,
}: {
  method: string;
  operation: string | null;
}) => method !== 'GET' && operation !== 'createAccessToken';
