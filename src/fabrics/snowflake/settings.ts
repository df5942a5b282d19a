import { z } from 'zod';
import { closed } from '../../reading/closed-objects';
import { secret, text } from '../../reading/values';
import { owned } from '../owned';

/** A key pair or a password. */
const Credentials = closed(
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
const host = text.regex(
  /^[A-Za-z0-9-]+([._][A-Za-z0-9-]+)*(:\d{1,5})?$/,
  'must be the name of a host, such as acme-fin.snowflakecomputing.com',
);

export const SnowflakeSettings = closed(
  z.strictObject({
    type: z.literal('snowflake').meta({ description: '`snowflake`' }),
    ...owned,
    host: host.meta({ description: 'One account' }),
    warehouse: text.meta({ description: 'One warehouse' }),
    user: text.meta({ description: 'Whom Airbyte writes as' }),
    role: text.meta({ description: 'Its role' }),
    credentials: Credentials,
  }),
);
export type SnowflakeSettings = z.output<typeof SnowflakeSettings>;
