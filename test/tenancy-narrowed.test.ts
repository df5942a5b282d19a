import { eventually, slowness } from './support/harness';
import { SECRETS, startTenants } from './support/tenants';
import type { Place, Tenants } from './support/tenants';

/* A worker whose file lets a team do less than the gateway's, for longer than a step is tried. */

let tenants: Tenants;
beforeAll(async () => {
  const giveUpAfter = `${String(Math.ceil(4000 * slowness()))}ms`;
  tenants = await startTenants({ env: { AIRBYTE_GIVE_UP_AFTER: giveUpAfter } });
});
afterAll(() => tenants.stop());

const narrowed = async (content: object) => {
  const looks = () => tenants.worker.output().split('has changed, and is taken').length;
  const before = looks();
  tenants.writeForWorker(content);
  await eventually(() => looks() > before || undefined, 'the worker to take its file');
};

const run = async (place: Omit<Place, 'environment'>) => {
  const { status, text } = await tenants.ask('witboost-coordinator', 'provision', {
    environment: tenants.names.development,
    ...place,
  });
  expect({ status, text }).toMatchObject({ status: 202 });
  return tenants.finished(text);
};

const withSecret = {
  source: {
    connector: 'postgres',
    name: 'P',
    connectionConfiguration: {
      host: 'h',
      database: 'd',
      username: 'u',
      password: { secretRef: 'ERP_PASSWORD' },
    },
  },
};

test.each<[string, object, (settings: Tenants['settings'], environment: string) => object, string]>(
  [
    [
      'a fabric',
      { destination: { name: 'S', fabric: 'finance-dev' } },
      ({ fabrics, ...settings }, environment) => ({
        ...settings,
        teams: {
          ...settings.teams,
          finance: { ...settings.teams.finance, defaultFabric: { [environment]: 'finance-other' } },
        },
        fabrics: {
          ...fabrics,
          'finance-dev': { ...fabrics['finance-dev'], team: 'marketing' },
          'finance-other': fabrics['finance-dev'],
        },
      }),
      'specific.destination.fabric: is not a fabric that the team finance may use for snowflake in ENV; there are finance-other (TRIED).',
    ],
    [
      'a secret',
      withSecret,
      ({ teams, ...settings }) => ({
        ...settings,
        teams: { ...teams, finance: { ...teams.finance, secrets: ['OTHER_PASSWORD'] } },
      }),
      'the secret "ERP_PASSWORD" is not one that descriptors may use (TRIED).\nWhat to do: Name another secret (there are OTHER_PASSWORD), or ask the platform operator to add ERP_PASSWORD to the secrets of the team finance.',
    ],
  ],
)(
  'where the worker does not let a team use %s, its run fails in time and names what it may use; others go on',
  async (what, changes, narrower, problem) => {
    const component = what.replace(' ', '-');
    const { settings, names } = tenants;
    await narrowed(narrower(settings, names.development));
    const before = await tenants.inDevelopment();
    const [refused, other] = await Promise.all([
      run({ domain: 'finance', component, ...changes }),
      run({ domain: 'marketing', component: 'goes-on' }),
    ]);
    expect(refused.status).toBe('FAILED');
    const told = refused.result.replace(/tried \d+ times/, 'TRIED');
    expect(told).toContain(problem.replace('ENV', names.development));
    expect(refused.result).not.toMatch(/marketing|CRM_TOKEN/);
    expect(other.status).toBe('COMPLETED');
    const left = await tenants.inDevelopment();
    const isFinance = ({ name }: { name: string }) => name.includes('/finance.');
    expect(left.sources.filter(isFinance)).toEqual(before.sources.filter(isFinance));
    expect(left.destinations.filter(isFinance)).toEqual(before.destinations.filter(isFinance));

    await narrowed(settings);
    const again = await run({ domain: 'finance', component, ...changes });
    expect(again.status === 'COMPLETED' ? again.status : again.result).toBe('COMPLETED');
    for (const secret of new Set(Object.values(SECRETS)))
      expect(tenants.output()).not.toContain(secret);
  },
);
