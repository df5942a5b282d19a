import { parametersProblem } from '../../connectors/snowflake';
import { withoutUndefined } from '../../contract/json';
import { Refusal } from '../../contract/problems';
import { pathOf } from '../fabric';

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

/** The host of a destination of Airbyte's, if it is one of Snowflake. */
export const hostIn = ({ host, warehouse }: Record<string, unknown>) =>
  typeof host === 'string' && typeof warehouse === 'string'
    ? host.replace(/^https?:\/\//, '')
    : undefined;

/** Judged again where the credentials are: a plan may be older than what its descriptor may say. Throws a Refusal. */
export const mustNotSteer = ({ jdbc_url_params: given }: Record<string, unknown>) => {
  const problem = parametersProblem(given);
  if (problem !== undefined)
    throw new Refusal(
      `${pathOf('jdbc_url_params')}: ${problem}.`,
      'Correct the descriptor, then deploy again.',
    );
};
