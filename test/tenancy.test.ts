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
