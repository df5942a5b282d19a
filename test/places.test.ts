import { readIdentity } from '../src/descriptor/descriptor';
import { placeOf, readPlaces } from '../src/descriptor/places';
import { writtenTo } from '../src/fabrics/types';
import { secretsIn } from '../src/secrets/masking';
import { descriptor } from './support/fixtures';

/* What is remembered of where a component's data is: in the inputs of runs, and in what runs tell. */

const SECRET = 'canary-of-a-password';

/** With all that its connector takes, and more than it takes. */
const FULL = {
  snowflake: {
    database: 'FINANCE',
    schema: 'CASHFLOW_0',
    raw_data_schema: 'RAW',
    jdbc_url_params: `token=${SECRET}`,
    cdc_deletion_mode: 'Hard delete',
    host: 'a.snowflakecomputing.com',
    password: SECRET,
  },
  databricks: {
    schema: 'cashflow_0',
    raw_schema_override: 'raw',
    hostname: 'adb-1.2.azuredatabricks.net',
    database: 'finance',
    authentication: { auth_type: 'BASIC', personal_access_token: SECRET },
  },
};

const LEADS_THERE = {
  snowflake: { database: 'FINANCE', schema: 'CASHFLOW_0', raw_data_schema: 'RAW' },
  databricks: { schema: 'cashflow_0', raw_schema_override: 'raw' },
};

describe.each(['snowflake', 'databricks'] as const)('of a destination of %s', (connector) => {
  const wanted = { connector, configuration: LEADS_THERE[connector], fabric: 'f' };

  test('only what leads to its data is kept', () => {
    const place = placeOf({ connector, configuration: FULL[connector], fabric: 'f' });
    expect(place).toEqual(wanted);
    expect(secretsIn(place)).toEqual([]);
  });

  test('so it is of one that a former run told whole', () => {
    const { authentication: _no, ...texts } = { authentication: {}, ...FULL[connector] };
    expect(readPlaces([{ connector, configuration: texts, fabric: 'f' }])).toEqual([wanted]);
  });
});

test.each([
  ['is of no fabric', { connector: 'postgres', configuration: { password: SECRET } }],
  ['is an account of its own', { connector: 'snowflake', configuration: { credentials: {} } }],
])('what %s is no place', (_what, destination) => {
  expect(placeOf(destination)).toBeUndefined();
});

test('the input of a removal has nothing else of the destination, whoever’s account it is', () => {
  const connectionConfiguration = { database: 'FINANCE', schema: 'CASHFLOW_0' };
  const more = { jdbc_url_params: 'QUERY_TAG=a', cdc_deletion_mode: 'Soft delete' };
  const own = {
    host: 'a.snowflakecomputing.com',
    role: 'r',
    warehouse: 'w',
    username: 'u',
    credentials: { auth_type: 'Username and Password', password: { secretRef: 'ERP' } },
  };
  const placesOf = (configuration: object) =>
    readIdentity({
      descriptorKind: 'COMPONENT_DESCRIPTOR',
      descriptor: descriptor({
        destination: { name: 'S', connectionConfiguration: configuration },
      }),
    }).places;
  expect(placesOf({ ...connectionConfiguration, ...more })).toEqual({
    former: [],
    named: { connector: 'snowflake', configuration: connectionConfiguration },
  });
  expect(placesOf({ ...connectionConfiguration, ...own })).toEqual({ former: [] });
});

describe('where a destination in Airbyte writes to', () => {
  const snowflake = { host: 'acme-fin.snowflakecomputing.com', warehouse: 'LOAD_WH' };
  const databricks = { hostname: 'adb-1.2.azuredatabricks.net', http_path: '/', database: 'fin' };
  const at = (host: string) => ({ host, catalog: 'fin' });
  const azure = 'https://adb-1.2.azuredatabricks.net';

  test.each([
    ['an account of Snowflake', snowflake, { account: 'ACME-FIN' }],
    [
      'the same by a URL',
      { ...snowflake, host: `https://${snowflake.host}` },
      { account: 'ACME-FIN' },
    ],
    ['a workspace of Databricks', databricks, at(azure)],
    ['the same with its port', { ...databricks, port: '443' }, at(azure)],
    ['one with another port', { ...databricks, port: 8443 }, at(`${azure}:8443`)],
    ['what is no host', { ...databricks, hostname: 'a b' }, at('https://a b:443')],
    [
      'a database that is no fabric',
      { host: 'h', port: 5432, database: 'd', schema: 's' },
      undefined,
    ],
    ['an account without a host', { warehouse: 'LOAD_WH' }, undefined],
  ])('is told of %s', (_what, configuration, where) => {
    expect(writtenTo(configuration)?.where).toEqual(where);
  });
});
