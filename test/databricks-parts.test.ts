import KEPT from './fixtures/databricks-statements.json';
import { Refusal } from '../src/contract/problems';
import { databricks } from '../src/fabrics/databricks';
import { holdersIn, isSame, withHolders } from '../src/fabrics/databricks/memory';
import { literal, quoted } from '../src/fabrics/databricks/names';
import { typeFor } from '../src/fabrics/types';
import { HOSTILE_NAMES, MANAGE_STATEMENTS, STATEMENTS } from './support/databricks-statements';

/* What the Databricks fabric is made of. */

const SETTINGS = {
  type: 'databricks',
  team: 'finance',
  host: 'https://adb-1.2.azuredatabricks.net/',
  warehouseId: '1234567890abcdef',
  catalog: 'finance',
  auth: { pat: { secretRef: 'DBX_PAT' } },
};
const CLIENT = { clientId: 'c', clientSecret: { secretRef: 'S' } };

test('the settings of the design are taken, with their defaults', () => {
  expect(databricks.settings.parse(SETTINGS)).toMatchObject({
    host: 'https://adb-1.2.azuredatabricks.net',
    manage: { schema: false, access: false, catalogUse: false },
    principals: { strategy: 'identity' },
    startCluster: false,
    acceptTerms: true,
    maxInFlight: 4,
  });
  expect(typeFor('databricks')).toBe(databricks);
});

const problemsOf = (more: object) =>
  databricks.settings
    .safeParse({ ...SETTINGS, ...more })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);

test.each([
  [{ auth: {} }, 'auth: must have pat, oauth or entra, and only one of them'],
  [
    { auth: { pat: { secretRef: 'A' }, oauth: CLIENT } },
    'auth: must have pat, oauth or entra, and only one of them',
  ],
  [{ auth: { pat: 'dapi-in-clear' } }, 'auth.pat: must be a reference'],
  [{ auth: { entra: { ...CLIENT, tenantId: '../x' } } }, 'auth.entra.tenantId: must be an id'],
  [{ airbyteAuth: {} }, 'airbyteAuth: must have pat or oauth'],
  [{ host: 'https://a.example.com/path' }, 'host: must be the root of a workspace'],
  [{ host: 'adb-1.2.azuredatabricks.net' }, 'host: must be an http(s) URL'],
  [{ host: 'https://u:p@a.example.com' }, 'host: must have no credentials'],
  [{ warehouseId: 'a/b' }, 'warehouseId: must be the id of a SQL warehouse'],
  [{ catalog: 'a.b' }, 'catalog: must be the name of a catalog'],
  [{ cluster: 'a b' }, 'cluster: must be the id of a cluster'],
  [{ manage: { access: true } }, 'manage.access: needs schema: true'],
  [{ jobs: { version: '2.1' } }, 'Unrecognized key: "jobs"'],
  [
    { principals: { strategy: 'table', groups: { all: 'Account Users' } } },
    'principals.groups.all: must not be Account Users, which stands for everybody',
  ],
  [{ acceptTerms: false }, 'acceptTerms: '],
  [{ maxInFlight: 0 }, 'maxInFlight: '],
])('the settings with %j are refused at their path', (more, problem) => {
  const problems = problemsOf(more);
  expect(problems).toEqual([expect.stringContaining(problem)]);
  expect(JSON.stringify(problems)).not.toContain('in-clear');
});

test('names are quoted so that nothing in them ends them, and what no name has is refused', () => {
  expect(quoted('a`b')).toBe('`a``b`');
  expect(quoted("x'; DROP SCHEMA y; --")).toBe("`x'; DROP SCHEMA y; --`");
  expect(quoted('größe\\')).toBe('`größe\\`');
  expect(quoted('x'.repeat(255))).toHaveLength(257);
  for (const name of ['', 'a\0b', 'a\nb', 'a\u007fb', 'x'.repeat(256)])
    expect(() => quoted(name)).toThrow(Refusal);
});

test('a text ends where it ends', () => {
  expect(literal("it's")).toBe("'it\\'s'");
  expect(literal('a\\')).toBe("'a\\\\'");
  expect(literal("\\' OR 1")).toBe("'\\\\\\' OR 1'");
  expect(literal('a\nb')).toBe("'a\\nb'");
});

test('what is ours is remembered beside what others wrote, and what is spoilt is passed over', () => {
  const others = { 'delta.x': '1', 'provisioner.elsewhere': 'y' };
  const holder = { role: 'reader' as const, principal: 'a', privileges: ['SELECT'], catalog: true };
  const roles = ['reader'] as const;
  const properties = withHolders(others, { roles, holders: [holder] });
  expect(Object.keys(properties)).toHaveLength(3);
  expect(holdersIn(properties)).toEqual([holder]);
  expect(withHolders(properties, { roles, holders: [] })).toEqual(others);
  expect(withHolders(properties, { roles: ['loader'], holders: [] })).toEqual(properties);
  expect(isSame(properties, Object.fromEntries(Object.entries(properties).toReversed()))).toBe(
    true,
  );
  const spoilt = { 'provisioner.reader.1': '{', 'provisioner.reader.2': '{"principal":""}' };
  expect(holdersIn({ ...properties, ...spoilt })).toEqual([holder]);
});

test('the list that a grammar is asked about is of today', () => {
  expect(STATEMENTS).toEqual(KEPT);
});

test('every statement that is told has each hostile name in quotes', () => {
  expect(STATEMENTS.length).toBeGreaterThanOrEqual(HOSTILE_NAMES.length * 3);
  for (const statement of [...STATEMENTS, ...MANAGE_STATEMENTS])
    expect(statement.replace(/`(?:[^`]|``)*`|'(?:[^'\\]|\\.)*'/g, '?')).toMatch(
      /^(GRANT [A-Z, ]+ ON (CATALOG \?|SCHEMA \?\.\?) TO \?|COMMENT ON SCHEMA \?\.\? IS \?|DROP SCHEMA IF EXISTS \?\.\? CASCADE)$/,
    );
});
