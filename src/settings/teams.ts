import { z } from 'zod';
import { closed } from '../reading/closed-objects';
import { namesOf } from '../reading/values';
import { name, secretName, text } from '../reading/values';

/** A domain of Witboost's, as it stands in URNs. */
const domain = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9_-]+$/, 'may have only letters, digits, dashes and underscores')
  .transform((given) => given.toLowerCase());

/** What members of a team may do; each is asked for by itself. */
export const ROLES = ['reader', 'deployer', 'operator'] as const;
export type Role = (typeof ROLES)[number];

const Groups = closed(
  z.strictObject({
    reader: namesOf(text).default([]).meta({ description: 'See statuses and runs' }),
    deployer: namesOf(text).default([]).meta({ description: 'Validate and deploy' }),
    operator: namesOf(text).default([]).meta({ description: 'Replay, cancel and repair' }),
  }),
);

/** Who owns what: domains, environments, secrets. */
export const TeamSettings = closed(
  z.strictObject({
    domains: namesOf(domain).min(1).meta({ description: 'Each is of one team' }),
    environments: namesOf(name).min(1).meta({ description: 'Where it may deploy' }),
    secrets: namesOf(secretName).default([]).meta({
      description: 'Which references its descriptors may use',
    }),
    groups: Groups.prefault({}).meta({
      description: 'Groups of the identity provider, by what they may do',
    }),
    defaultFabric: z
      .record(name, name.meta({ description: 'What descriptors write to that name no fabric' }))
      .default({})
      .meta({ description: 'By environment' }),
  }),
);
export type TeamSettings = z.output<typeof TeamSettings>;
