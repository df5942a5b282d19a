import { z } from 'zod';
import { closed } from '../../reading/closed-objects';
import { address, namesOf, secret, text } from '../../reading/values';
import { owned } from '../owned';
import { principalsBut } from '../principals';
import { isEverybody } from './sql/names';

/** Calls at once to one account, of each worker. */
const MAX_IN_FLIGHT = 100;

const proofs = {
  privateKey: secret.optional().meta({ description: 'A private RSA key, in PEM' }),
  privateKeyPassword: secret.optional().meta({ description: 'What it is encrypted with' }),
  oauth: secret.optional().meta({ description: 'An OAuth token' }),
  token: secret.optional().meta({ description: 'A programmatic access token' }),
};

type Given = Partial<Record<string, unknown>>;

/** Exactly one of them, and a passphrase only with a key. */
const oneOf = (names: readonly string[]) => (given: Given, ctx: z.RefinementCtx) => {
  if (names.filter((name) => given[name] !== undefined).length !== 1)
    ctx.addIssue({
      code: 'custom',
      message: `must have ${names.slice(0, -1).join(', ')} or ${names.at(-1) ?? ''}, and only one of them`,
    });
  if (given.privateKeyPassword !== undefined && given.privateKey === undefined)
    ctx.addIssue({
      code: 'custom',
      path: ['privateKeyPassword'],
      message: 'goes with privateKey',
    });
};

/** A key pair, a password, or a token of either kind. */
const Credentials = closed(
  z
    .strictObject({
      ...proofs,
      password: secret.optional().meta({ description: 'Of the user; the SQL API takes none' }),
    })
    .superRefine(oneOf(['privateKey', 'password', 'oauth', 'token'])),
);

const By = closed(
  z
    .strictObject({
      user: text.meta({ description: 'Who makes and grants; without `manage.by` it is `user`' }),
      role: text.meta({
        description: 'Whose it is that is made; without `manage.by` it is `role`',
      }),
      ...proofs,
    })
    .superRefine(oneOf(['privateKey', 'oauth', 'token'])),
);

const Manage = closed(
  z
    .strictObject({
      database: z.boolean().default(false).meta({
        description: 'Whether a database that is not there is made; needs `schema`',
      }),
      schema: z.boolean().default(false).meta({
        description: 'Whether the schema of a component is made, and dropped with its data',
      }),
      access: z.boolean().default(false).meta({
        description:
          'Whether updateacl grants the data, by a role for each component; needs `schema`',
      }),
      by: By.optional().meta({ description: 'Who makes and grants, instead of `user` and `role`' }),
      formerRoles: namesOf(text).default([]).meta({
        description: 'Who managed before, and owns nothing: what they have granted counts as ours',
      }),
    })
    .superRefine(({ database, schema, access }, ctx) => {
      for (const [field, given] of Object.entries({ database, access }))
        if (given && !schema)
          ctx.addIssue({
            code: 'custom',
            path: [field],
            message:
              'goes with schema: true, as only a schema that was made for a component is known to be its',
          });
    }),
);

/** A host of Snowflake's without a scheme: `acme-fin.snowflakecomputing.com`. */
const host = text.regex(
  /^[A-Za-z0-9-]+([._][A-Za-z0-9-]+)*(:\d{1,5})?$/,
  'must be the name of a host, such as acme-fin.snowflakecomputing.com',
);

export const SnowflakeSettings = closed(
  z
    .strictObject({
      type: z.literal('snowflake').meta({ description: '`snowflake`' }),
      ...owned,
      host: host.meta({ description: 'One account' }),
      account: text
        .regex(/^[A-Za-z0-9_.-]+$/, 'must be the identifier of an account, such as ACME-FIN')
        .optional()
        .meta({ description: 'Its identifier, where the host does not begin with it' }),
      formerAccounts: namesOf(text).default([]).meta({
        description:
          'Other identifiers by which the same account was given before: what was put there then is found by them',
      }),
      apiUrl: address.optional().meta({
        description: 'Where its SQL API is, and credentials go; without it `https://` and `host`',
      }),
      warehouse: text.meta({ description: 'One warehouse' }),
      user: text.meta({ description: 'Whom Airbyte writes as' }),
      role: text.meta({ description: 'Its role' }),
      credentials: Credentials,
      manage: Manage.prefault({}),
      principals: principalsBut(isEverybody),
      maxInFlight: z.int().min(1).max(MAX_IN_FLIGHT).default(4).meta({
        description: 'Calls at once, of each worker',
      }),
    })
    .superRefine(({ credentials, manage }, ctx) => {
      if (manage.schema && !manage.by && credentials.password !== undefined)
        ctx.addIssue({
          code: 'custom',
          path: ['manage', 'by'],
          message: 'is required with a password, which the SQL API does not take',
        });
    }),
);
export type SnowflakeSettings = z.output<typeof SnowflakeSettings>;
