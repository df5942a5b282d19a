import { z } from 'zod';
import { closed } from '../reading/closed-objects';
import { name, secret, text } from './values';

/** Teams, environments and the like in one list. */
export const MAX_NAMED = 1000;

export const namesOf = (one: z.ZodType<string>) => z.array(one).max(MAX_NAMED);

/** A key pair or a password. */
const SnowflakeCredentials = closed(
  z
    .strictObject({
      privateKey: secret.optional(),
      privateKeyPassword: secret.optional(),
      password: secret.optional(),
    })
    .superRefine(({ privateKey, privateKeyPassword, password }, ctx) => {
      if ((privateKey === undefined) === (password === undefined))
        ctx.addIssue({
          code: 'custom',
          message: 'must have privateKey or password, and only one of them',
        });
      if (privateKeyPassword !== undefined && privateKey === undefined)
        ctx.addIssue({
          code: 'custom',
          path: ['privateKeyPassword'],
          message: 'goes with privateKey',
        });
    }),
);

/** A host of Snowflake's without a scheme: `acme-fin.snowflakecomputing.com`. */
const snowflakeHost = text.regex(
  /^[A-Za-z0-9-]+([._][A-Za-z0-9-]+)*(:\d{1,5})?$/,
  'must be the name of a host, such as acme-fin.snowflakecomputing.com',
);

const Snowflake = closed(
  z.strictObject({
    type: z.literal('snowflake').meta({ description: '`snowflake`' }),
    team: name.meta({ description: 'Whose it is' }),
    sharedWith: namesOf(name).default([]).meta({ description: 'Other teams that may write to it' }),
    environments: namesOf(name).min(1).optional().meta({
      description: 'Where it may be used; without it in each environment of the team that uses it',
    }),
    host: snowflakeHost.meta({ description: 'One account' }),
    warehouse: text.meta({ description: 'One warehouse' }),
    user: text.meta({ description: 'Whom Airbyte writes as' }),
    role: text.meta({ description: 'Its role' }),
    credentials: SnowflakeCredentials,
  }),
);
export type Snowflake = z.output<typeof Snowflake>;

/** A named place to write to, with one account and one warehouse. A new type is one more of these. */
export const FabricSettings = z.discriminatedUnion('type', [Snowflake]);
export type FabricSettings = z.output<typeof FabricSettings>;
