import { parse } from 'yaml';
import { z } from 'zod';
import { descriptor } from './fixtures';
import { eventually } from './harness';
import type { Harness } from './harness';

const People = z.object({
  permissions: z.array(
    z.looseObject({ of: z.string(), permissionType: z.string(), permissionId: z.string() }),
  ),
});

const Memory = z.object({
  wanted: z.record(z.string(), z.array(z.string())),
  grants: z.record(z.string(), z.looseObject({ key: z.string(), id: z.string().optional() })),
});

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
    const provisionInfo = { request: requestFor(component), result: 'OK' };
    const answer = await harness.post('/v1/updateacl', { refs, provisionInfo });
    if (answer.status !== 202) throw new Error(`${String(answer.status)} ${answer.text}`);
    return answer.text;
  };
  const grants = () => harness.client.workflow.getHandle(`grants.${harness.environment}`);
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
    grants,
    /** What is remembered, once it is as wanted. */
    remembered: (isAsWanted: (memory: z.output<typeof Memory>) => boolean) =>
      eventually(async () => {
        const memory = Memory.parse(await grants().query('grants'));
        return isAsWanted(memory) ? memory : undefined;
      }, 'what is remembered'),
    /** As before anybody asked for access. */
    forget: async () => {
      await harness.resetAirbyte();
      await grants()
        .terminate()
        .catch(() => undefined);
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
