import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { RequestError, describeProblem } from '../src/contract/problems';
import { openSettings } from '../src/settings/file';
import { defaultFabricOf, fabricsOf, teamOf } from '../src/settings/ownership';
import { readSettings } from '../src/settings/read';
import { eventually } from './support/harness';

/* What a configuration file says, what is told of one that is wrong, and what befalls one that changes. */

const FILE = 'examples/provisioner.yaml';
const EXAMPLE = readFileSync(FILE, 'utf8');

/** What is wrong with a text, in the words for people; nothing where it is right. */
const problemsIn = (text: string): string[] => {
  try {
    readSettings(text);
    return [];
  } catch (err) {
    if (err instanceof RequestError) return err.problems.map(describeProblem);
    throw err;
  }
};

const PLAIN = 'url: http://a.example.com, workspaceId: 5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6';

const NOBODY_ASKED = 'gateway: { auth: { mode: none } }';

/** A file with one environment, on its first line, and more. */
const withMore = (...more: string[]) =>
  [
    `environments: { development: { airbyte: { ${PLAIN} } } }`,
    ...more,
    ...(more.some((line) => line.startsWith('gateway:')) ? [] : [NOBODY_ASKED]),
  ].join('\n');

/** A file whose only environment has such an Airbyte. */
const withAirbyte = (airbyte: string) =>
  `environments: { development: { airbyte: { ${airbyte} } } }\n${NOBODY_ASKED}`;

test('an issuer that is not on this machine is reached by https', () => {
  const withIssuer = (issuer: string) =>
    problemsIn(withMore(`gateway: { auth: { mode: oidc, issuer: "${issuer}", audience: a } }`));
  for (const issuer of [
    'http://localhost:1/x',
    'http://127.0.0.1:8096',
    'http://[::1]:1',
    'https://id.example.com',
  ])
    expect([issuer, withIssuer(issuer)]).toEqual([issuer, []]);
  for (const issuer of [
    'http://id.example.com',
    'http://127.0.0.1.example.com',
    'http://localhost.example.com',
  ])
    expect([issuer, withIssuer(issuer)[0]]).toEqual([
      issuer,
      expect.stringMatching(/^gateway\.auth\.issuer \(line 2\): must be reached by https/),
    ]);
});

test('the example is right, and says what it shows', () => {
  const settings = readSettings(EXAMPLE);
  expect(settings.environments.development).toEqual({
    airbyte: {
      url: 'https://airbyte.dev.example.com',
      api: 'auto',
      workspaceId: '5ae6b09b-fdec-41af-aaf7-7d94cfc33ef6',
      auth: { clientId: 'provisioner', clientSecret: { secretRef: 'AIRBYTE_DEV' } },
      uiUrl: 'https://airbyte.dev.example.com',
      maxInFlight: 3,
    },
    grantsOfVariables: false,
    workspaceAccess: 'workspace_reader',
  });
  expect(Object.keys(settings.fabrics)).toEqual(['finance-dev', 'finance-prod', 'marketing-dev']);
  expect(settings.gateway).toMatchObject({
    auth: { mode: 'oidc', clockSkew: 30 },
    trustProxies: 1,
  });
});

test('an environment alone is enough: nobody is asked who he is, no team owns anything', () => {
  expect(readSettings(withMore())).toMatchObject({
    environments: { development: { airbyte: { api: 'public', auth: {}, maxInFlight: 3 } } },
    teams: {},
    fabrics: {},
    gateway: { auth: { mode: 'none', exposed: false } },
  });
});

const CLEAR =
  'must be a reference such as { secretRef: NAME }: a secret in clear is not taken, and should be changed where it stood in a file';
const AIRBYTE = 'environments.development.airbyte';

test.each<[string, string, string[]]>([
  ['nothing at all', '', ['file: must be a map of keys and values']],
  [
    'no environment',
    'environments: {}',
    ['environments (line 1): must have at least one', 'gateway (line 1): is required'],
  ],
  [
    'a slip',
    EXAMPLE.replace('maxInFlight:', 'maxInFligth:'),
    [`${AIRBYTE}.maxInFligth (line 17): is not known here; did you mean maxInFlight?`],
  ],
  [
    'a key that nobody knows',
    withMore('owner: me'),
    [
      'owner (line 2): is not known here; what there is: environments, teams, fabrics, gateway, encryption, audit',
    ],
  ],
  [
    'a secret in clear',
    EXAMPLE.replace('{ secretRef: AIRBYTE_DEV }', 's3cr3t-in-clear'),
    [`${AIRBYTE}.auth.clientSecret (line 13): ${CLEAR}`],
  ],
  [
    'a secret in an address',
    withAirbyte(PLAIN.replace('http://', 'http://user:s3cr3t-in-clear@')),
    [`${AIRBYTE}.url (line 1): must have no credentials, no query and no fragment`],
  ],
  [
    'half a pair of credentials',
    withAirbyte(`${PLAIN}, auth: { clientId: x, password: { secretRef: P } }`),
    [
      `${AIRBYTE}.auth.username (line 1): is required with password`,
      `${AIRBYTE}.auth.clientSecret (line 1): is required with clientId`,
    ],
  ],
  [
    'two ways into Snowflake',
    EXAMPLE.replace('{ password:', '{ privateKey: { secretRef: K }, password:'),
    [
      'fabrics.marketing-dev.credentials (line 81): must have privateKey, password, oauth or token, and only one of them',
    ],
  ],
  [
    'another kind of fabric',
    withMore('fabrics: { f: { type: duckdb } }'),
    ['fabrics.f.type (line 2): must be one of snowflake, databricks'],
  ],
  [
    'a domain of two teams, in another case',
    withMore(
      'teams:',
      '  a: { domains: [x], environments: [development] }',
      '  b: { domains: [y, X], environments: [development] }',
    ),
    ['teams.b.domains[1] (line 4): is a domain of the team a; each is of one team'],
  ],
  [
    'names that are not there, beside what is wrong by itself',
    withMore(
      'teams:',
      '  a: { domains: [x], environments: [developmnt], defaultFabric: { development: f } }',
      'fabrics: { fin: { type: snowflake, team: b } }',
    ),
    [
      'fabrics.fin.host (line 4): is required',
      'fabrics.fin.warehouse (line 4): is required',
      'fabrics.fin.user (line 4): is required',
      'fabrics.fin.role (line 4): is required',
      'fabrics.fin.credentials (line 4): is required',
      'teams.a.environments[0] (line 3): names "developmnt", which is not among environments; did you mean development?',
      'teams.a.defaultFabric.development (line 3): names "f", which is not among fabrics; there are fin',
    ],
  ],
  [
    'a default of somebody else',
    EXAMPLE.replace('development: marketing-dev', 'development: finance-dev'),
    [
      'teams.marketing.defaultFabric.development (line 48): names finance-dev, which is neither of the team marketing nor shared with it',
    ],
  ],
  [
    'algorithms that anybody can sign with',
    withMore(
      'gateway: { auth: { mode: oidc, issuer: https://a.example.com, audience: x, algorithms: [HS256] } }',
    ),
    [
      'gateway.auth.algorithms[0] (line 2): must be one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA; did you mean RS256?',
    ],
  ],
  [
    'tokens that are none',
    withMore(
      'gateway: { auth: { mode: tokens, tokens: [{ name: a, sha256: abc, roles: [deploy] }] } }',
    ),
    [
      'gateway.auth.tokens[0].sha256 (line 2): must be the SHA-256 of the token, as 64 hex digits in lower case',
      'gateway.auth.tokens[0].roles[0] (line 2): must be one of reader, deployer, operator; did you mean deployer?',
    ],
  ],
  [
    'tokens of no use',
    withMore(
      `gateway: { auth: { mode: tokens, tokens: [{ name: a, sha256: ${'a'.repeat(64)} }, { name: b, sha256: ${'b'.repeat(64)}, coordinator: true }, { name: c, sha256: ${'c'.repeat(64)}, platformOperator: true }, { name: d, sha256: ${'d'.repeat(64)}, roles: [reader] }] } }`,
    ),
    [
      'gateway.auth.tokens[0].teams (line 2): must name a team, or the token is of no use',
      'gateway.auth.tokens[0].roles (line 2): must name a role, or the token is of no use',
      'gateway.auth.tokens[3].teams (line 2): must name a team, or the token is of no use',
    ],
  ],
  [
    'a range that is none',
    withMore('gateway: { auth: { mode: none }, allowFrom: [10.0.0.0/33] }'),
    ['gateway.allowFrom[0] (line 2): must be an address or a range such as 10.0.0.0/8 or fd00::/8'],
  ],
  [
    'ranges that mean others than they look like',
    withMore(
      "gateway: { auth: { mode: none }, allowFrom: ['10.1', '010.0.0.1', '::ffff:10.0.0.0/104', 10.0.0.1/8] }",
    ),
    [
      'gateway.allowFrom[0] (line 2): must be an address or a range such as 10.0.0.0/8 or fd00::/8',
      'gateway.allowFrom[1] (line 2): must be an address or a range such as 10.0.0.0/8 or fd00::/8',
      'gateway.allowFrom[2] (line 2): must be the IPv4 address that is in it, or a range of them',
    ],
  ],
  [
    'a limit beyond what is counted, and a row of proxies',
    withMore(
      'gateway: { auth: { mode: none }, rateLimit: { perMinute: 1000001 }, trustProxies: 11 }',
    ),
    [
      'gateway.trustProxies (line 2): must be at most 10',
      'gateway.rateLimit.perMinute (line 2): must be at most 1000000',
    ],
  ],
  [
    'names of prototypes',
    `environments:\n  __proto__: {}\n  constructor: { airbyte: { ${PLAIN} } }\n`,
    [
      'environments.__proto__ (line 2): is not a key that is taken',
      'gateway (line 1): is required',
    ],
  ],
])('%s is told with path and line', (_case, text, problems) => {
  expect(problemsIn(text)).toEqual(problems);
  expect(problems.join()).not.toContain('s3cr3t');
});

test('who owns what: a domain in any case has its team, a team its fabrics and those it is lent', () => {
  const settings = readSettings(EXAMPLE.replace('sharedWith: []', 'sharedWith: [marketing]'));
  const finance = teamOf(settings, 'treasury');
  const marketing = teamOf(settings, 'marketing');
  expect([finance?.name, marketing?.name, teamOf(settings, 'hr')]).toEqual([
    'finance',
    'marketing',
    undefined,
  ]);
  const namesFor = (team: string, environment: string) =>
    fabricsOf(settings, { team, environment }).map(({ name }) => name);
  expect(namesFor('marketing', 'development')).toEqual(['finance-dev', 'marketing-dev']);
  expect(namesFor('marketing', 'production')).toEqual([]);
  expect(namesFor('finance', 'production')).toEqual(['finance-prod']);
  if (!finance) throw new Error('The team is missing.');
  expect(defaultFabricOf(settings, { team: finance, environment: 'production' })?.name).toBe(
    'finance-prod',
  );
});

test('a fabric that names no environments is there in those of the team that uses it, and nowhere else', () => {
  const text = EXAMPLE.replace(
    '    environments: [development]\n    host: acme-mkt',
    '    host: acme-mkt',
  );
  expect(text).not.toBe(EXAMPLE);
  const namesFor = (given: string, team: string, environment: string) =>
    fabricsOf(readSettings(given), { team, environment }).map(({ name }) => name);
  expect(namesFor(text, 'marketing', 'development')).toEqual(['marketing-dev']);
  expect(namesFor(text, 'marketing', 'production')).toEqual([]);
  const lent = text.replace('team: marketing', 'team: marketing\n    sharedWith: [finance]');
  expect(namesFor(lent, 'marketing', 'production')).toEqual([]);
  expect(namesFor(lent, 'finance', 'production')).toEqual(['finance-prod', 'marketing-dev']);
  const asDefault = (given: string) =>
    problemsIn(
      given.replace('taskQueue: airbyte-production', '$&\n    defaultFabric: marketing-dev'),
    );
  expect(asDefault(text)).toEqual([
    expect.stringMatching(
      /^environments\.production\.defaultFabric \(line \d+\): names marketing-dev, which is not there for the environment production$/,
    ),
  ]);
  expect(asDefault(lent)).toEqual([]);
});

describe('a file that changes', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'settings-'));
  const file = path.join(folder, 'provisioner.yaml');
  const outcomes: string[] = [];
  const log = pino({ level: 'silent' });
  copyFileSync(FILE, file);
  const opened = openSettings({
    file,
    log,
    lookEvery: 20,
    observe: (outcome) => outcomes.push(outcome),
  });
  afterAll(() => {
    opened.close();
    rmSync(folder, { recursive: true });
  });
  const teams = () => Object.keys(opened.current().teams).join();
  const until = (isSo: () => boolean) =>
    eventually(() => Promise.resolve(isSo() || undefined), 'the change');

  test('is taken whole, keeps the old one when it is wrong or away, and is taken again when mended', async () => {
    const heard: string[] = [];
    opened.onChange((settings) => heard.push(Object.keys(settings.teams).join()));
    expect([teams(), opened.problem()]).toEqual(['finance,marketing', undefined]);

    writeFileSync(file, withMore('teams: { a: { domains: [x], environments: [nowhere] } }'));
    await until(() => opened.problem() !== undefined);
    expect([teams(), opened.problem()]).toEqual([
      'finance,marketing',
      'The configuration file is wrong since it changed; what it said before still holds. The log of this program says what is wrong.',
    ]);

    renameSync(file, `${file}.away`);
    await until(() => outcomes.length === 2);
    expect(teams()).toBe('finance,marketing');

    writeFileSync(file, withMore('teams: { a: { domains: [x], environments: [development] } }'));
    await until(() => teams() === 'a');
    expect(opened.problem()).toBeUndefined();
    expect({ heard, outcomes }).toEqual({
      heard: ['a'],
      outcomes: ['refused', 'refused', 'taken'],
    });
  });

  test('is taken when it has been there for two looks: half of it may be right, too', async () => {
    const whole = readFileSync(file, 'utf8');
    const half = withMore('teams: { half: { domains: [x], environments: [development] } }');
    const seen = new Set<string>();
    for (let round = 0; round < 40; round += 1) {
      // Never the same for two looks.
      writeFileSync(file, `${half}\n# ${String(round)}`);
      await new Promise((resolve) => setTimeout(resolve, 15));
      seen.add(teams());
    }
    writeFileSync(file, whole);
    expect([...seen]).toEqual(['a']);
  });

  test('is not opened when it is wrong from the beginning', () => {
    writeFileSync(file, 'environments: {}');
    expect(() => openSettings({ file, log })).toThrow('must have at least one');
    expect(() => openSettings({ file: `${file}.none`, log })).toThrow('cannot be read (ENOENT)');
  });
});
