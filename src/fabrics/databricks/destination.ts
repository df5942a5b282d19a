import { schemaProblem } from '../../connectors/databricks';
import { Refusal } from '../../contract/problems';
import { pathOf } from '../fabric';
import type { Opening } from '../fabric';
import type { DatabricksSettings } from './settings';

/** What of the fabric Airbyte's destination writes as; undefined: nothing that it takes. */
export const airbyteAuthOf = ({ auth, airbyteAuth }: DatabricksSettings) =>
  airbyteAuth ?? (auth.entra ? undefined : auth);

export const NO_AIRBYTE_AUTH = {
  problem:
    'Airbyte’s Databricks destination takes no tokens of Entra ID, and the fabric has nothing else',
  solution:
    'Ask the platform operator to give the fabric airbyteAuth: a personal access token, or OAuth of a service principal.',
};

/** destination-databricks 4.0, `authentication`: one of two kinds, told apart by auth_type. */
const authenticationOf = async (
  settings: DatabricksSettings,
  secretOf: Opening['secretOf'],
): Promise<Record<string, string>> => {
  const auth = airbyteAuthOf(settings);
  if (auth?.oauth) {
    const { clientId, clientSecret } = auth.oauth;
    return { auth_type: 'OAUTH', client_id: clientId, secret: await secretOf(clientSecret) };
  }
  if (auth?.pat) return { auth_type: 'BASIC', personal_access_token: await secretOf(auth.pat) };
  throw new Refusal(`${NO_AIRBYTE_AUTH.problem}.`, NO_AIRBYTE_AUTH.solution);
};

/** Judged again where the credentials are: a plan may be older than what its descriptor may say. */
const mustFit = ({ schema }: Record<string, unknown>) => {
  const problem = typeof schema === 'string' ? schemaProblem(schema) : 'is required';
  if (problem !== undefined)
    throw new Refusal(
      `${pathOf('schema')}: ${problem}.`,
      'Correct the descriptor, then deploy again.',
    );
};

const endpointOf = (settings: DatabricksSettings) => {
  const { protocol, hostname, port } = new URL(settings.host);
  return { hostname, port: port || (protocol === 'http:' ? '80' : '443') };
};

/** Where a destination of Airbyte's writes to, if it is one of Databricks. */
export const whereIn = (
  { hostname, port = '443', http_path, database: catalog }: Record<string, unknown>,
  settings?: DatabricksSettings,
) => {
  const isDatabricks = typeof hostname === 'string' && typeof http_path === 'string';
  if (!isDatabricks || typeof catalog !== 'string') return undefined;
  if (settings) {
    const its = endpointOf(settings);
    if (its.hostname === hostname && its.port === String(port))
      return { host: settings.host, catalog };
  }
  // By hand a destination may be given anything.
  const url = `https://${hostname}:${String(port)}`;
  return { host: URL.canParse(url) ? new URL(url).origin : url, catalog };
};

/** The part of the configuration that is not the descriptor's. Throws a Refusal. */
export const destinationOf = async (
  settings: DatabricksSettings,
  {
    secretOf,
    configuration,
  }: { secretOf: Opening['secretOf']; configuration: Record<string, unknown> },
) => {
  mustFit(configuration);
  return {
    ...endpointOf(settings),
    http_path: settings.httpPath ?? `/sql/1.0/warehouses/${settings.warehouseId}`,
    database: settings.catalog,
    authentication: await authenticationOf(settings, secretOf),
    accept_terms: settings.acceptTerms,
  };
};
