import { withoutUndefined } from '../../contract/json';

/** One account, as one user and role, with one warehouse; secrets in clear. */
export interface Account {
  host: string;
  role: string;
  warehouse: string;
  username: string;
  credentials:
    { privateKey: string; privateKeyPassword?: string | undefined } | { password: string };
}

/** destination-snowflake 4.x: `credentials` is one of two kinds, told apart by auth_type. */
const credentialsOf = (given: Account['credentials']) =>
  'password' in given
    ? { auth_type: 'Username and Password', password: given.password }
    : withoutUndefined({
        auth_type: 'Key Pair Authentication',
        private_key: given.privateKey,
        private_key_password: given.privateKeyPassword,
      });

/** What of the configuration of Airbyte's Snowflake destination the account says. */
export const destinationOf = ({ credentials, ...account }: Account) => ({
  ...account,
  credentials: credentialsOf(credentials),
});

/** A descriptor with credentials of its own brings the whole account. */
export const bringsAccount = ({ credentials }: Record<string, unknown>) =>
  credentials !== undefined;
