import type { Place } from '../../connectors/snowflake-place';
import { locatedIn } from './api/token';

/* Pages of Snowsight. */

const HOST = /^([\w-]+)(?:\.([\w.-]+))?\.snowflakecomputing\.com$/i;
const ORGANIZATION = /^([A-Za-z0-9]+)[-.](.+)$/;

/** `acme/fin` of an account in an organization, `eu-central-1/xy12345` of a locator; undefined: it cannot be told. */
const accountPath = ({ host, account }: { host: string; account?: string | undefined }) => {
  const [, first = '', region] = HOST.exec(host) ?? [];
  if (first === '' || region?.includes('privatelink')) return undefined;
  const located = locatedIn(account);
  if (located?.region.includes('privatelink')) return undefined;
  if (located) return `${located.region}/${located.locator}`;
  const [, organization, name] = ORGANIZATION.exec(account ?? first) ?? [];
  // No account has a hyphen in its name, but a host has one for each underscore.
  if (organization !== undefined && name !== undefined)
    return `${organization}/${name.replaceAll('-', '_')}`;
  return region === undefined ? undefined : `${region}/${first}`;
};

export const schemaPage = (
  settings: { host: string; account?: string | undefined },
  { database, schema }: Place,
) => {
  const path = accountPath(settings);
  if (path === undefined) return undefined;
  return `https://app.snowflake.com/${path.toLowerCase()}/#/data/databases/${encodeURIComponent(database)}/schemas/${encodeURIComponent(schema)}`;
};
