import { z } from 'zod';
import { host } from './addresses';
import { port, secret, text } from './fields';

const certificates = {
  ca_certificate: secret.describe('The certificate authority, in PEM form.'),
  client_certificate: secret.optional(),
  client_key: secret.optional(),
  client_key_password: secret.optional(),
};

const mode = <Mode extends string>(name: Mode) => z.strictObject({ mode: z.literal(name) });

/** How the connection is encrypted (source-postgres 3.7). */
export const sslMode = z
  .discriminatedUnion('mode', [
    mode('disable'),
    mode('allow'),
    mode('prefer'),
    mode('require'),
    mode('verify-ca').extend(certificates),
    mode('verify-full').extend(certificates),
  ])
  .describe('Whether the connection is encrypted, and whose certificate is believed.');

/** The same without certificates, which destination-postgres 3.0 does not take. */
export const plainSslMode = z
  .strictObject({
    mode: z.enum(['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full']),
  })
  .describe('Whether the connection is encrypted.');

const jumpHost = {
  tunnel_host: host.describe('The jump host.'),
  tunnel_port: port(22),
  tunnel_user: text,
};

/** An SSH tunnel to the database (source-postgres 3.7, destination-postgres 3.0). */
export const tunnelMethod = z
  .discriminatedUnion('tunnel_method', [
    z.strictObject({ tunnel_method: z.literal('NO_TUNNEL') }),
    z.strictObject({ tunnel_method: z.literal('SSH_KEY_AUTH'), ...jumpHost, ssh_key: secret }),
    z.strictObject({
      tunnel_method: z.literal('SSH_PASSWORD_AUTH'),
      ...jumpHost,
      tunnel_user_password: secret,
    }),
  ])
  .describe('An SSH tunnel through a jump host, where the database is not reached directly.');
