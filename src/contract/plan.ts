import { z } from 'zod';

/* What a deployment would do in Airbyte and in fabrics, told before it does. No operation of the Coordinator's. */

/** What would become of one entity. Names of fields, never values. */
export const PlannedEntity = z
  .object({
    kind: z.enum(['source', 'destination', 'connection', 'database', 'schema', 'role', 'grant']),
    system: z.string().optional().meta({
      description: 'Where it is, such as Snowflake; without it in Airbyte.',
    }),
    action: z.enum(['create', 'change', 'keep', 'take over', 'retire']).meta({
      description:
        'take over: it is nobody’s, becomes the component’s, and is changed. retire: it is paused and renamed, as another takes its place.',
    }),
    name: z.string(),
    id: z.string().optional().meta({ description: 'Of one that is there.' }),
    differs: z.array(z.string()).optional().meta({
      description:
        'The fields that would be overwritten; `secrets`: a secret, or what keys its digits. Of several grants together: which.',
    }),
  })
  .meta({ id: 'PlannedEntity' });
export type PlannedEntity = z.infer<typeof PlannedEntity>;

export const PlannedComponent = z
  .object({
    component: z
      .string()
      .meta({ description: '`<environment>/<domain>.<product>.<major>.<component>`' }),
    at: z.string().meta({ description: 'The path of its `specific` in the descriptor.' }),
    entities: z.array(PlannedEntity),
    tags: z.array(z.string()).optional().meta({ description: 'Tags that would be made.' }),
    warnings: z.array(z.string()).meta({
      description: 'What somebody has set in Airbyte and would be lost or kept, and the like.',
    }),
    open: z.array(z.string()).meta({ description: 'What only the deployment can tell.' }),
    refused: z
      .object({ problem: z.string(), solution: z.string() })
      .optional()
      .meta({ description: 'Why the deployment would be refused, before it writes anything.' }),
  })
  .meta({ id: 'PlannedComponent' });
export type PlannedComponent = z.infer<typeof PlannedComponent>;

export const PlanStatus = z
  .object({
    status: z.enum(['RUNNING', 'COMPLETED', 'FAILED']).meta({
      description: 'COMPLETED: there is a plan, be it that the deployment would be refused.',
    }),
    result: z.string().meta({ description: 'For people: what goes on, or what came of it.' }),
    components: z.array(PlannedComponent).optional(),
    warnings: z.array(z.string()).optional().meta({ description: 'Of the descriptor.' }),
  })
  .meta({ id: 'PlanStatus' });
export type PlanStatus = z.infer<typeof PlanStatus>;
