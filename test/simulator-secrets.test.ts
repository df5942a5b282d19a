import { createHash } from 'node:crypto';
import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, startSimulator } from '../simulator/simulator';
import type { Simulator } from '../simulator/simulator';
import { createClient, json } from './support/simulator-client';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ auth: 'none' });
});
afterAll(() => simulator.close());
beforeEach(() => simulator.reset());

const { request, call, config, create } = createClient(() => simulator.url);

const MASK = '**********';
const POSTGRES = 'decd338e-5647-4c0b-adf4-da0e75f5a750';
const digestOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

const configuration = (password: string, more: object = {}) => ({
  host: 'erp.example.com',
  port: 5432,
  database: 'erp',
  username: 'reader',
  password,
  ...more,
});
const tunnel = {
  tunnel_method: 'SSH_PASSWORD_AUTH',
  tunnel_host: 'jump.example.com',
  tunnel_port: 22,
  tunnel_user: 'jump',
  tunnel_user_password: 'open sesame',
};

const make = (given: object) =>
  create('/sources', {
    name: 'ERP',
    workspaceId: DEFAULT_WORKSPACE_ID,
    definitionId: POSTGRES,
    configuration: given,
  });

const Requests = z.object({ requests: z.array(z.object({ secrets: z.unknown() })) });
const carried = async () => {
  const { body } = await request('GET', '/_simulator/requests');
  return Requests.parse(body).requests.flatMap(({ secrets }) => secrets ?? []);
};

test('a write tells the digest of each secret and the nearest host, and no value', async () => {
  await make(configuration('hush', { tunnel_method: tunnel }));
  expect(await carried()).toEqual([
    { field: 'password', sent: 'value', sha256: digestOf('hush'), host: 'erp.example.com' },
    {
      field: 'tunnel_method.tunnel_user_password',
      sent: 'value',
      sha256: digestOf('open sesame'),
      host: 'jump.example.com',
    },
  ]);
  const { body } = await request('GET', '/_simulator/requests');
  expect(JSON.stringify(body)).not.toContain('hush');
});

test('asterisks tell the digest of what they keep, also where they go to another host', async () => {
  const { sourceId } = await make(configuration('hush'));
  await call('PUT', `/sources/${sourceId}`, { name: 'ERP', configuration: configuration('next') });
  await config('/sources/update', {
    sourceId,
    name: 'ERP',
    connectionConfiguration: configuration(MASK, { host: 'new.example.com' }),
  });
  const [, second, third] = await carried();
  expect(second).toMatchObject({ sent: 'value', sha256: digestOf('next') });
  expect(third).toEqual({
    field: 'password',
    sent: 'asterisks',
    sha256: digestOf('next'),
    host: 'new.example.com',
  });
});

test('asterisks where nothing is stored are stored, and told as that', async () => {
  await make(configuration(MASK));
  expect(await carried()).toMatchObject([{ sent: 'asterisks', sha256: null }]);
});

test('a secret is told whatever becomes of the call, and reads carry none', async () => {
  const { sourceId } = await make(configuration('hush'));
  await call('GET', `/sources/${sourceId}`);
  await request('DELETE', '/_simulator/requests');
  await request('POST', '/_simulator/faults', json({ operation: 'putSource', status: 422 }));
  await call('PUT', `/sources/${sourceId}`, { name: 'ERP', configuration: configuration('next') });
  expect(await carried()).toMatchObject([{ sha256: digestOf('next') }]);
});

test('the faults of one operation can be cleared alone', async () => {
  for (const operation of ['putSource', 'deleteSource'])
    await request('POST', '/_simulator/faults', json({ operation, status: 503 }));
  const { body } = await request('DELETE', '/_simulator/faults?operation=putSource');
  expect(body).toMatchObject({ faults: [{ operation: 'deleteSource' }] });
});
