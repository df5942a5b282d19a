import { z } from 'zod';
import { DEFAULT_TASK_QUEUE } from '../contract/ids';
import { closed } from '../reading/closed-objects';
import { address, name, secret, text } from '../reading/values';

/** Calls at once to one Airbyte. */
const MAX_IN_FLIGHT = 100;

const PAIRS = [
  ['clientId', 'clientSecret'],
  ['username', 'password'],
] as const;

/** An application of Airbyte's, basic authentication, or nothing. */
const AirbyteAuth = closed(
  z
    .strictObject({
      clientId: text
        .optional()
        .meta({ description: 'Of an application of Airbyte’s; with its secret' }),
      clientSecret: secret.optional(),
      username: text.optional().meta({ description: 'Of basic authentication; with a password' }),
      password: secret.optional(),
    })
    .superRefine((given, ctx) => {
      for (const [one, other] of [...PAIRS, ...PAIRS.map(([id, key]) => [key, id] as const)])
        if (given[one] === undefined && given[other] !== undefined)
          ctx.addIssue({ code: 'custom', path: [one], message: `is required with ${other}` });
      if (PAIRS.every(([id]) => given[id] !== undefined))
        ctx.addIssue({
          code: 'custom',
          path: ['username'],
          message: 'and clientId exclude each other',
        });
    })
    .meta({
      description: '`clientId` and `clientSecret`, or `username` and `password`, or `none`',
    }),
);

const Airbyte = closed(
  z.strictObject({
    url: address.meta({ description: 'The root of its host; the path of the API is added' }),
    api: z.enum(['public', 'config', 'auto']).default('public'),
    workspaceId: z.guid().meta({ description: 'The UUID of its workspace' }),
    auth: z.preprocess((given) => (given === 'none' ? {} : given), AirbyteAuth).prefault('none'),
    uiUrl: address.optional().meta({ description: 'What links begin with; without it `url`' }),
    maxInFlight: z.int().min(1).max(MAX_IN_FLIGHT).default(3).meta({
      description: 'Calls at once, of each worker',
    }),
  }),
);

/** One environment of Witboost's, with the Airbyte that it writes to. */
export const EnvironmentSettings = closed(
  z.strictObject({
    airbyte: Airbyte,
    taskQueue: name.optional().meta({
      description: 'Of the workers that serve it; without it those of TEMPORAL_TASK_QUEUE do',
    }),
    defaultFabric: name.optional().meta({ description: 'For teams that have none of their own' }),
    grantsOfVariables: z.boolean().default(false).meta({
      description:
        'Of the environment that the variables described before there was a file: what was granted then is remembered as its',
    }),
    workspaceAccess: z
      .enum(['none', 'workspace_reader', 'workspace_runner', 'workspace_editor', 'workspace_admin'])
      .default('workspace_reader')
      .meta({ description: 'What updateacl grants in Airbyte; `none`: nothing' }),
  }),
);
export type EnvironmentSettings = z.output<typeof EnvironmentSettings>;

/**
 * The environments that the workers of a task queue serve: those that name it and, unless it is there only
 * for environments that name it, those that name none. Of the default one that is known; of another
 * queue, as soon as no environment names it.
 */
export const environmentsOn = (
  environments: Record<string, Pick<EnvironmentSettings, 'taskQueue'>>,
  taskQueue: string,
): string[] => {
  const all = Object.entries(environments);
  const isNamed = all.some(([, { taskQueue: own }]) => own === taskQueue);
  const isShared = !isNamed || taskQueue === DEFAULT_TASK_QUEUE;
  return all.flatMap(([name, { taskQueue: own }]) =>
    own === taskQueue || (own === undefined && isShared) ? [name] : [],
  );
};
