import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { RunQuery } from '../src/contract/commands';
import { RequestError } from '../src/contract/problems';
import { readDescriptor } from '../src/descriptor/descriptor';
import { readYaml } from '../src/reading/yaml';
import { readSettings } from '../src/settings/read';
import { EXAMPLES, partOf } from './support/connector-examples';
import { changed, changesOf, inTree, place } from './support/descriptor-mutations';
import type { Change } from './support/descriptor-mutations';
import { ALIAS_BOMB, descriptor } from './support/fixtures';
import { PROTOTYPE_KEYS, SMUGGLED, SMUGGLING, TEXTS, hostileValue } from './support/hostile-values';

/* What stands in files of somebody who means no good: the configuration file, and addresses of descriptors. */

const SEED = Number(process.env.HOSTILE_SEED ?? 20_261_127);
const RUNS = Number(process.env.HOSTILE_RUNS ?? 10_000);

const EXAMPLE = readFileSync('examples/provisioner.yaml', 'utf8');
const TREE: unknown = parse(EXAMPLE);

const withHostile = hostileValue.map<Change>(
  (value) => (tree, path) => changed(tree, path, (parent, key) => Reflect.set(parent, key, value)),
);
const withHostileKey = fc.constantFrom(...TEXTS, ...PROTOTYPE_KEYS, '<<').map<Change>(
  (name) => (tree, path) =>
    changed(tree, path, (parent, key) => {
      const value: unknown = Reflect.get(parent, key);
      Reflect.deleteProperty(parent, key);
      Object.defineProperty(parent, name, { value, enumerable: true, configurable: true });
    }),
);
const trees = fc
  .array(fc.tuple(fc.oneof(withHostile, withHostileKey, inTree), place), { maxLength: 4 })
  .map((changes) => changesOf(TREE, changes));

/** The library writes no more than some hundred levels. */
const yamlOf = (tree: unknown) => {
  try {
    return stringify(tree);
  } catch (err) {
    if (err instanceof RangeError) return JSON.stringify(tree);
    throw err;
  }
};

/** What YAML has and JSON has not. */
const LINES = [
  ...['&a [*a]', '<<: *all', 'all: &all {x: 1}', '*nobody', '!!binary aGVsbG8=', '!<x> y'],
  ...[
    '--- ',
    '...',
    '%YAML 9.9',
    '? [a, b]',
    '{',
    '[',
    '"',
    "'",
    '\t',
    '\u0000',
    '\u0085',
    '\u2028',
  ],
  ...[
    'environments: {}',
    'gateway: !!js/function "f(){}"',
    '\ufeff',
    '__proto__: {polluted: true}',
  ],
  ...['fabrics: {constructor: {type: snowflake}}', 'teams: {toString: {domains: [x]}}', ALIAS_BOMB],
  ...['['.repeat(2000), `x: ${'{a: '.repeat(200)}`, `${'k'.repeat(5000)}: 1`],
];
const texts = fc
  .record({
    tree: trees,
    asJson: fc.boolean(),
    line: fc.option(fc.tuple(fc.constantFrom(...LINES), place), { freq: 2 }),
    cut: fc.option(place, { freq: 12 }),
  })
  .map(({ tree, asJson, line, cut }) => {
    const text = asJson ? JSON.stringify(tree) : yamlOf(tree);
    const lines = text.split('\n');
    if (line) lines.splice(Math.floor(line[1] * lines.length), 0, line[0]);
    const whole = lines.join('\n');
    return cut === null ? whole : whole.slice(0, Math.floor(cut * whole.length));
  });

/** Every text in a value, keys included. */
const textsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => [key, ...textsIn(each)]);
};

const read = (text: string) => {
  try {
    return { settings: readSettings(text) };
  } catch (err) {
    if (err instanceof RequestError) return { problems: err };
    throw err;
  }
};

test(`${String(RUNS)} configuration files are taken or refused, and do no harm (seed ${String(SEED)})`, () => {
  let taken = 0;
  fc.assert(
    fc.property(texts, (text) => {
      const { settings, problems } = read(text);
      expect(Reflect.get({}, 'polluted')).toBeUndefined();
      if (problems) {
        expect(problems.problems.length).toBeGreaterThan(0);
        expect(JSON.stringify(problems.toBody(''))).not.toMatch(/node_modules|\bat .*\.js:/);
        return;
      }
      taken += 1;
      const addresses = Object.values(settings.environments).flatMap(({ airbyte }) =>
        [airbyte.url, airbyte.uiUrl].filter((each) => each !== undefined),
      );
      expect(addresses.filter((each) => each.includes('@'))).toEqual([]);
      expect(textsIn(settings)).not.toContain('__proto__');
    }),
    { seed: SEED, numRuns: RUNS },
  );
  expect(taken).toBeGreaterThan(RUNS / 1000);
  expect(taken).toBeLessThan(RUNS / 2);
});

/** The paths at which a file or a descriptor says where something is. */
const ADDRESSES = [
  ['environments', 'development', 'airbyte', 'url'],
  ['environments', 'development', 'airbyte', 'uiUrl'],
  ['fabrics', 'finance-dev', 'host'],
  ['gateway', 'auth', 'issuer'],
];
const smuggled = ADDRESSES.flatMap((at) =>
  SMUGGLING.map((address) => [at.join('.'), address, at] as const),
);

test.each(smuggled)(
  'in the file, %s is not %j, and the refusal does not repeat it',
  (name, address, at) => {
    const tree = changed(TREE, [...at], (parent, key) => Reflect.set(parent, key, address));
    const { problems } = read(stringify(tree));
    const body = JSON.stringify(problems?.toBody(''));
    expect(problems?.problems.map(({ path }) => path)).toContain(name);
    expect(body).not.toContain(SMUGGLED);
  },
);

const FIELDS = ['url', 'host', 'tunnel_host', 'endpoint', 's3_endpoint'];
const pathsOf = (value: unknown, at: string[] = []): string[][] =>
  typeof value !== 'object' || value === null
    ? FIELDS.includes(at.at(-1) ?? '')
      ? [at]
      : []
    : Object.entries(value).flatMap(([key, each]) => pathsOf(each, [...at, key]));
const inDescriptors = EXAMPLES.flatMap((example) =>
  pathsOf(example.full).map(
    (at) => [`${example.connector} ${example.kind}`, at.join('.'), example, at] as const,
  ),
);

test.each(inDescriptors)('of a %s, %s has no credentials in it', (_what, name, example, at) => {
  for (const address of SMUGGLING) {
    const configuration = changed(example.full, [...at], (parent, key) =>
      Reflect.set(parent, key, address),
    );
    const given = partOf(example, z.looseObject({}).parse(configuration));
    const text = descriptor({ [example.kind]: given });
    let told: unknown;
    try {
      readDescriptor({ descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor: text });
    } catch (err) {
      told = err;
    }
    const isRefused = told instanceof RequestError;
    expect({ address, isRefused }).toEqual({ address, isRefused: true });
    expect(String(told)).toContain(name);
    expect(String(told)).not.toContain(SMUGGLED);
  }
});

test.each([
  ['a password in a JDBC parameter', { jdbc_url_params: `a=b&password=${SMUGGLED}` }],
  ['a token in one', { jdbc_url_params: `sslToken=${SMUGGLED}` }],
])('%s is refused', (_what, more) => {
  const postgres = EXAMPLES.find(({ connector }) => connector === 'postgres');
  const given = postgres && partOf(postgres, { ...postgres.full, ...more });
  expect(() =>
    readDescriptor({
      descriptorKind: 'COMPONENT_DESCRIPTOR',
      descriptor: descriptor({ source: given ?? {} }),
    }),
  ).toThrow(/jdbc_url_params.*carries a secret/);
});

const custom = (connectionConfiguration: object) =>
  readDescriptor({
    descriptorKind: 'COMPONENT_DESCRIPTOR',
    descriptor: descriptor({
      source: {
        connector: 'custom',
        name: 'Mongo',
        definitionName: 'MongoDb',
        connectionConfiguration,
      },
    }),
  });

test('a connection string of any connector has no password in it, however deep it stands', () => {
  const deep = { cluster: { strings: [`mongodb+srv://app:${SMUGGLED}@db.example.com/x`] } };
  expect(() => custom(deep)).toThrow(/strings\[0\].*: carries a secret/);
  expect(() => custom({ url: 'https://db.example.com/x@y', at: 'jane@example.com' })).not.toThrow();
});

const LEAST = `
environments: { d: { airbyte: { url: http://a.example.com, workspaceId: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6 } } }
gateway: { auth: { mode: none } }
`;

test.each([
  ['the example', EXAMPLE],
  ['a file without teams and fabrics', LEAST],
])('of %s, what is called as something every object has is none', (_what, text) => {
  const { environments, teams, fabrics } = readSettings(text);
  for (const name of PROTOTYPE_KEYS)
    for (const all of [environments, teams, fabrics]) expect(all[name]).toBeUndefined();
});

test.each([
  [['-1', '1']],
  [''],
  [`${'9'.repeat(99)}h`],
  [`${'9'.repeat(100)}h`],
  [5],
  [null],
  [{}],
])('what is no duration is told so, whatever it is: %j', (since) => {
  const paths = RunQuery.safeParse({ since }).error?.issues.map(({ path }) => path.join('.'));
  expect(paths).toContain('since');
});

test('what a text has that is odd YAML goes to nobody’s log', () => {
  const warned = jest.spyOn(process, 'emitWarning');
  expect(readYaml(`? [${SMUGGLED}, b]\n: c\n`, 'file').problems).toEqual([]);
  expect(warned.mock.calls).toEqual([]);
  warned.mockRestore();
});
