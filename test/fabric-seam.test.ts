import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { DEFINITIONS } from '../src/connectors/definitions';
import { Refusal } from '../src/contract/problems';
import { createPlatformFabrics } from '../src/fabrics/platform';
import { platformSnowflake } from '../src/fabrics/snowflake/platform';
import { FabricSettings, typeFor, typeOf } from '../src/fabrics/types';
import { createRedactor } from '../src/secrets/masking';

const ROOT = path.join(__dirname, '..');
const TYPES = FabricSettings.options.map(({ shape }) => typeOf({ type: shape.type.value }));

/** Their own folders, the line that names them, and what connectors are. */
const MAY_NAME = /^src\/(fabrics\/(types\.ts|[^/]+\/)|connectors\/)/;

const sources = ['src', 'workflows', 'activities']
  .flatMap((folder) =>
    readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map(
      (file) => `${folder}/${file.replaceAll(path.sep, '/')}`,
    ),
  )
  .filter((file) => file.endsWith('.ts'));

test('nothing outside the folder of a type asks for it by its name', () => {
  const named = new RegExp(`['"\`](${TYPES.map(({ name }) => name).join('|')})['"\`]`);
  const naming = sources.filter((file) => named.test(readFileSync(path.join(ROOT, file), 'utf8')));
  expect(naming).toContain('src/fabrics/snowflake/index.ts');
  expect(naming.filter((file) => !MAY_NAME.test(file))).toEqual([]);
});

test.each(TYPES)('$name is the type of what its connectors write to', (type) => {
  for (const connector of type.connectors) {
    expect(typeFor(connector)).toBe(type);
    expect(Object.keys(DEFINITIONS.destination)).toContain(connector);
  }
});

describe('without a configuration file', () => {
  const secrets = createRedactor();
  const account = {
    host: 'h',
    role: 'r',
    warehouse: 'w',
    username: 'u',
    password: 'of the variables',
    privateKeyFile: undefined,
    privateKeyPassword: undefined,
  };
  const described = createPlatformFabrics([platformSnowflake(account, secrets)]);
  const nothing = createPlatformFabrics([platformSnowflake(undefined, createRedactor())]);
  const end = (connector: string, more = {}) => ({ connector, configuration: {}, ...more });

  test('the one that the variables describe is everybody’s, and its secrets are masked', async () => {
    expect(await described(end('snowflake'), undefined)).toMatchObject({
      host: 'h',
      username: 'u',
      credentials: { password: 'of the variables' },
    });
    expect(secrets.redact('it says of the variables')).toBe('it says **********');
  });

  test('what brings its own account, and what no fabric is for, is left alone', async () => {
    const own = { configuration: { credentials: {} } };
    expect(await described(end('snowflake', own), undefined)).toEqual({});
    expect(await nothing(end('postgres'), undefined)).toEqual({});
  });

  test.each([
    ['variables that are not set', nothing, end('snowflake'), /knows no Snowflake/],
    ['a type that variables cannot describe', described, end('databricks'), /a Databricks is desc/],
    ['a fabric by its name', described, end('snowflake', { fabric: 'f' }), /names the fabric "f"/],
  ])('%s: refused', async (_what, fabrics, given, problem) => {
    await expect(fabrics(given, undefined)).rejects.toThrow(Refusal);
    await expect(fabrics(given, undefined)).rejects.toThrow(problem);
  });
});
