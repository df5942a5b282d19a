import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { descriptor } from './support/fixtures';
import { eventually, runCli } from './support/harness';
import { SECRETS, startTenants } from './support/tenants';
import type { Tenants } from './support/tenants';

/* Two teams, two environments, one gateway and one worker. */

let tenants: Tenants;
beforeAll(async () => {
  tenants = await startTenants();
});
afterAll(() => tenants.stop());

const COORDINATOR = 'witboost-coordinator';

test('each environment has its Airbyte, each team its fabric, and nobody another’s', async () => {
  const { names } = tenants;
  const places = [
    { domain: 'finance', environment: names.development },
    { domain: 'finance', environment: names.production },
    { domain: 'marketing', environment: names.development },
  ];
  const answers = await Promise.all(
    places.map((place) => tenants.ask(COORDINATOR, 'provision', place)),
  );
  expect(answers.map(({ status, text }) => (status === 202 ? status : text))).toEqual([
    202, 202, 202,
  ]);
  const ends = await Promise.all(answers.map(({ text }) => tenants.finished(text)));
  expect(ends.map(({ status, result }) => (status === 'COMPLETED' ? status : result))).toEqual([
    'COMPLETED',
    'COMPLETED',
    'COMPLETED',
  ]);
  const hostsOf = ({ destinations }: Awaited<ReturnType<Tenants['inProduction']>>) =>
    destinations.map(({ configuration }) => configuration.host).sort();
  expect(hostsOf(await tenants.inProduction())).toEqual([
    `finance-${names.production}.snowflakecomputing.com`,
  ]);
  expect(hostsOf(await tenants.inDevelopment())).toEqual([
    `finance-${names.development}.snowflakecomputing.com`,
    `marketing-${names.development}.snowflakecomputing.com`,
  ]);
  for (const secret of new Set(Object.values(SECRETS)))
    expect(tenants.output()).not.toContain(secret);
});

const errorsIn = (text: string): unknown => {
  const answer: unknown = JSON.parse(text);
  return typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'errors') : undefined;
};

const finance = () => ({ domain: 'finance', environment: tenants.names.development });
const marketing = () => ({ domain: 'marketing', environment: tenants.names.development });

test.each(['validate', 'provision', 'unprovision'])(
  'nobody may %s without a credential, or for a team that is not his',
  async (operation) => {
    const nobody = await tenants.ask(undefined, operation, finance());
    expect([nobody.status, nobody.challenge, errorsIn(nobody.text)]).toEqual([
      401,
      'Bearer realm="airbyte-provisioner"',
      ['Authorization: must name the caller'],
    ]);
    const other = await tenants.ask('mkt-engineer', operation, finance());
    expect([other.status, other.challenge, errorsIn(other.text)]).toEqual([
      403,
      'Bearer realm="airbyte-provisioner", error="insufficient_scope"',
      ['componentIdToProvision: is of the domain "finance", for which the caller may not deploy'],
    ]);
    const reader = await tenants.ask('fin-reader', operation, finance());
    expect([reader.status, errorsIn(reader.text)]).toEqual([
      403,
      ['Authorization: names a caller who may deploy for no team'],
    ]);
    const own = await tenants.ask('fin-engineer', operation, finance());
    expect(own.status).toBe(operation === 'validate' ? 200 : 202);
    if (operation !== 'validate') await tenants.finished(own.text);
  },
);

test('the command line tells who may not deploy why, at its place in the file', async () => {
  const file = path.join(tenants.folder, 'descriptor.yaml');
  writeFileSync(file, descriptor({ environment: tenants.names.development }));
  const { code, stderr, stdout } = await runCli(['provision', file], {
    PROVISIONER_URL: tenants.gateway.found,
    PROVISIONER_TOKEN: await tenants.identity.tokenFor('mkt-engineer'),
  });
  expect([code, stderr]).toEqual([1, expect.not.stringContaining('does not let you through')]);
  expect(stdout).toMatch(
    /descriptor\.yaml:\d+: componentIdToProvision: is of the domain "finance", for which the caller may not deploy/,
  );
});

test('a token of another team is as unknown as one that never was, whatever is asked of it', async () => {
  const { text: token } = await tenants.ask('fin-engineer', 'provision', {
    ...finance(),
    component: 'secret-plan',
  });
  await tenants.finished(token);
  const never = token.replace(/\.[0-9a-f]{12}$/, '.000000000000');
  const asked = async (client: string, method: string, at: (token: string) => string) => {
    const [real, none] = await Promise.all(
      [token, never].map((each) => tenants.call(client, method, at(each))),
    );
    const shown = (answer: typeof real, of: string) => ({
      ...answer,
      text: answer?.text.replaceAll(of, 'TOKEN'),
    });
    return [shown(real, token), shown(none, never)];
  };
  const routes: [string, (token: string) => string][] = [
    ['GET', (each) => `/v1/provision/${each}/status`],
    ['DELETE', (each) => `/v1/provision/${each}`],
    ['GET', (each) => `/operations/runs/${each}`],
  ];
  for (const [method, at] of routes) {
    const [real, none] = await asked('mkt-engineer', method, at);
    expect([method, real]).toEqual([method, none]);
    const [own] = await asked('fin-engineer', method, at);
    expect([method, own?.status]).toEqual([method, 200]);
  }
});

test.each<[string, object, string]>([
  [
    'a fabric of another team',
    { destination: { name: 'S', fabric: 'marketing-dev' } },
    'specific.destination.fabric (line 0): is not a fabric that the team finance may use for snowflake in ENV; there are finance-dev',
  ],
  [
    'a fabric of another environment',
    { destination: { name: 'S', fabric: 'finance-prod' } },
    'specific.destination.fabric (line 0): is not a fabric that the team finance may use for snowflake in ENV; there are finance-dev',
  ],
  [
    'a secret of another team',
    {
      source: {
        connector: 'postgres',
        name: 'P',
        connectionConfiguration: {
          host: 'h',
          database: 'd',
          username: 'u',
          password: { secretRef: 'CRM_TOKEN' },
        },
      },
    },
    'specific.source.connectionConfiguration.password.secretRef (line 0): names a secret that descriptors of the team finance may not use; there are ERP_PASSWORD',
  ],
])(
  '%s is a problem of the descriptor at its path, and names what its team has',
  async (_case, changes, problem) => {
    const { text } = await tenants.ask('fin-engineer', 'provision', { ...finance(), ...changes });
    expect(JSON.stringify(errorsIn(text)).replace(/line \d+/, 'line 0')).toContain(
      problem.replace('ENV', tenants.names.development),
    );
  },
);

test('an environment that is not there, or not the team’s, is refused with those that are', async () => {
  const nowhere = await tenants.ask(COORDINATOR, 'provision', {
    domain: 'finance',
    environment: 'nowhere',
  });
  expect(errorsIn(nowhere.text)).toEqual([
    expect.stringMatching(
      /^dataProduct\.environment \(line \d+\): is not an environment of the team finance; there are dev-\w+, prod\.\w+$/,
    ),
  ]);
  const { production } = tenants.names;
  const other = await tenants.ask('mkt-engineer', 'provision', {
    domain: 'marketing',
    environment: production,
  });
  expect(errorsIn(other.text)).toEqual([
    expect.stringMatching(/is not an environment of the team marketing; there are dev-\w+$/),
  ]);
});

test('a domain of nobody is refused', async () => {
  const { status, text } = await tenants.ask(COORDINATOR, 'provision', {
    ...marketing(),
    domain: 'hr',
  });
  expect([status, errorsIn(text)]).toEqual([
    400,
    [
      expect.stringMatching(
        /^componentIdToProvision \(line \d+\): is of the domain "hr", which belongs to no team$/,
      ),
    ],
  ]);
});

test('who may operate sees and replays what is his team’s, and nothing else', async () => {
  const { text: token } = await tenants.ask('mkt-engineer', 'provision', marketing());
  await tenants.finished(token);
  const list = async (client: string) => {
    const { text } = await tenants.call(client, 'GET', '/operations/runs?limit=100');
    return text;
  };
  expect(await list('mkt-engineer')).toContain(token);
  expect(await list('fin-operator')).not.toContain('marketing');
  expect(await list('platform-operator')).toContain(token);
  const replay = (client: string) =>
    tenants.call(client, 'POST', `/operations/runs/${token}/replay`, { force: true });
  expect((await replay('fin-operator')).status).toBe(404);
  expect((await replay('mkt-engineer')).status).toBe(403);
  expect((await replay('platform-operator')).status).toBe(200);
  await tenants.finished(token);
  expect((await list('nobody')).includes('operator of no team')).toBe(false);
  expect((await tenants.call('nobody', 'GET', '/operations/runs')).status).toBe(403);
});

/** What a run tells whoever started it in the end: its token names no domain, and no other team sees it. */
const tellsOnly = async (client: string, at: string) => {
  const other = client.startsWith('fin') ? 'mkt-engineer' : 'fin-engineer';
  const never = at.replace(/[0-9a-f]{12}\/status$/, '000000000000/status');
  const whole = await eventually(async () => {
    const answer = await tenants.call(client, 'GET', at);
    return answer.text.includes('RUNNING') ? undefined : answer;
  }, `the end of ${at}`);
  const [foreign, unknown, coordinator] = await Promise.all([
    tenants.call(other, 'GET', at),
    tenants.call(other, 'GET', never),
    tenants.call(COORDINATOR, 'GET', at),
  ]);
  const shown = (text: string) => text.replaceAll(/[0-9a-f]{12}(?=["'. ])/g, 'DIGITS');
  expect([foreign.status, shown(foreign.text)]).toEqual([unknown.status, shown(unknown.text)]);
  expect([whole.status, coordinator.text]).toEqual([200, whole.text]);
  return whole.text;
};

test('a descriptor of which nobody can tell whose it is is judged for who asked, and for nobody else', async () => {
  const ask = (client: string) =>
    tenants.call(client, 'POST', '/v2/validate', { descriptor: 'a: [' });
  const [one, other] = await Promise.all([ask('fin-engineer'), ask('mkt-engineer')]);
  expect([one.status, other.status, one.text === other.text]).toEqual([202, 202, false]);
  const verdict = await tellsOnly('fin-engineer', `/v2/validate/${one.text}/status`);
  expect(verdict).toContain('"valid":false');
  await tellsOnly('mkt-engineer', `/v2/validate/${other.text}/status`);
});

test('a connection that is another team’s component is read as one that is not there', async () => {
  await Promise.all(
    [finance(), marketing()].map(async (place) => {
      const { text } = await tenants.ask(COORDINATOR, 'provision', {
        ...place,
        component: 'read-back',
        connection: { name: `Of ${place.domain}` },
      });
      expect((await tenants.finished(text)).status).toBe('COMPLETED');
    }),
  );
  const { connections } = await tenants.inDevelopment();
  const id = connections.find(({ name }) => name === 'Of finance')?.connectionId;
  const read = async (client: string, params: object) => {
    const { status, text } = await tenants.call(client, 'POST', '/v1/reverse-provisioning', {
      useCaseTemplateId: 'urn:dmb:utm:airbyte:0.0.0',
      environment: tenants.names.development,
      params,
      catalogInfo: {},
    });
    expect({ status, text }).toMatchObject({ status: 202 });
    return tellsOnly(client, `/v1/reverse-provisioning/${text}/status`);
  };
  const missing = '00000000-0000-4000-8000-000000000000';
  expect(await read('fin-engineer', { connectionId: id })).toContain('COMPLETED');
  const told = (text: string, of: unknown) =>
    text.replaceAll(String(of), 'ID').replace(/"timestamp":"[^"]+"/g, '');
  expect(told(await read('mkt-engineer', { connectionId: id }), id)).toBe(
    told(await read('mkt-engineer', { connectionId: missing }), missing),
  );
  const named = await read('mkt-engineer', { connectionName: 'Of financ' });
  expect(named).toContain('has no connection named');
  expect(named).not.toContain('Of finance');
  const alike = await tenants.ask('mkt-engineer', 'provision', {
    ...marketing(),
    component: 'alike',
    connection: { name: 'Of finance' },
  });
  const ended = JSON.stringify(await tenants.finished(alike.text));
  expect(ended).toContain("is the name of another team's connection too");
  expect(ended).not.toMatch(new RegExp(`/finance[.]|${String(id)}`));
  const elsewhere = await tenants.call('mkt-engineer', 'POST', '/v1/reverse-provisioning', {
    useCaseTemplateId: 'urn:dmb:utm:airbyte:0.0.0',
    environment: tenants.names.production,
    params: { connectionId: id },
    catalogInfo: {},
  });
  expect([elsewhere.status, errorsIn(elsewhere.text)]).toEqual([
    400,
    [expect.stringMatching(/^environment: is not an environment of a team that the caller/)],
  ]);
});

test('a changed file holds for what begins then; a broken one changes nothing, and is told', async () => {
  const { settings, names } = tenants;
  const hr = { domain: 'hr', environment: names.development };
  const withTeam = {
    ...settings,
    teams: { ...settings.teams, people: { domains: ['hr'], environments: [names.development] } },
    fabrics: {
      ...settings.fabrics,
      'people-dev': {
        ...settings.fabrics['marketing-dev'],
        team: 'people',
        host: 'people.snowflakecomputing.com',
      },
    },
  };
  const named = { ...hr, destination: { name: 'S', fabric: 'people-dev' } };
  tenants.write(withTeam);
  const { text: token } = await eventually(async () => {
    const answer = await tenants.ask(COORDINATOR, 'provision', named);
    return answer.status === 202 ? answer : undefined;
  }, 'the new team');
  expect((await tenants.finished(token)).status).toBe('COMPLETED');

  tenants.write({ ...withTeam, environments: {} });
  const ready = () => tenants.call(undefined, 'GET', '/readyz');
  const warned = await eventually(async () => {
    const answer = await ready();
    return answer.text.includes('warning') ? answer : undefined;
  }, 'a warning');
  expect(warned.status).toBe(200);
  expect(warned.text).toMatch(
    /^\{"ready":true,"warning":"The configuration file is wrong since it changed; what it said before still holds\. The log of this program says what is wrong\."\}$/,
  );
  expect((await tenants.ask(COORDINATOR, 'validate', named)).text).toBe('{"valid":true}');

  tenants.write(settings);
  await eventually(async () => {
    const { text } = await tenants.ask(COORDINATOR, 'validate', named);
    return text.includes('belongs to no team') || undefined;
  }, 'the team to be gone');
  expect(JSON.parse((await ready()).text)).toEqual({ ready: true });
});
