import { z } from 'zod';
import { DEFAULT_WORKSPACE_ID, type Simulator, startSimulator } from '../simulator/simulator';
import { fileSource, postgres, snowflake, SNOWFLAKE } from './support/simulator-bodies';
import { createClient, json } from './support/simulator-client';

const workspaceId = DEFAULT_WORKSPACE_ID;
const NOBODY = '11111111-2222-4333-8444-555555555555';

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ auth: 'none' });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { call, config, createConfig, request } = createClient(() => simulator.url);

const createConnection = async () => {
  const { sourceId } = await createConfig('/sources/create', postgres);
  const { destinationId } = await createConfig('/destinations/create', snowflake);
  const given = { sourceId, destinationId, status: 'active' };
  const { connectionId } = await createConfig('/connections/create', given);
  return { ...given, connectionId };
};

describe('deletions', () => {
  test('a deleted source takes its connections along; both still read', async () => {
    const { connectionId, sourceId } = await createConnection();
    expect(await config('/sources/delete', { sourceId })).toEqual({ status: 204, body: '' });
    expect(await config('/sources/get', { sourceId })).toMatchObject({
      status: 200,
      body: { connectionConfiguration: null },
    });
    const gone = { status: 200, body: { status: 'deprecated' } };
    expect(await config('/connections/get', { connectionId })).toMatchObject(gone);
    expect(await call('GET', `/connections/${connectionId}`)).toMatchObject(gone);
    expect(await config('/sources/delete', { sourceId })).toMatchObject({ status: 204 });
  });

  test('lists omit what is deleted, but the one of all connections', async () => {
    const { connectionId, destinationId, sourceId } = await createConnection();
    await config('/connections/delete', { connectionId });
    await config('/destinations/delete', { destinationId });
    await config('/sources/delete', { sourceId });
    const pagination = { pageSize: 10, rowOffset: 0 };
    const paginated = { workspaceIds: [workspaceId], pagination };
    const none = async (path: string, body: object, field: string) =>
      expect(await config(path, body)).toMatchObject({ status: 200, body: { [field]: [] } });
    await none('/sources/list', { workspaceId }, 'sources');
    await none('/sources/list_paginated', paginated, 'sources');
    await none('/destinations/list', { workspaceId }, 'destinations');
    await none('/connections/list', { workspaceId }, 'connections');
    expect(await config('/connections/list_all', { workspaceId })).toMatchObject({
      body: { connections: [{ connectionId, status: 'deprecated' }] },
    });
    const deletedToo = { ...paginated, includeDeleted: true };
    expect(await config('/sources/list_paginated', deletedToo)).toMatchObject({
      body: { sources: [{ sourceId }] },
    });
  });
});

describe('finding by name', () => {
  const Sources = z.object({
    sources: z.array(z.object({ sourceId: z.string(), name: z.string() })),
  });
  const searched = async (client: typeof config, body: object) =>
    Sources.parse((await client('/sources/search', body)).body).sources.map(({ name }) => name);

  test('a search finds nothing, as in today’s servers', async () => {
    const { connectionId } = await createConnection();
    expect(await searched(config, { name: 'shop' })).toEqual([]);
    expect(await config('/connections/search', { connectionId })).toEqual({
      status: 200,
      body: { connections: [] },
    });
  });

  test('a search that works matches exactly, what exists, in any workspace', async () => {
    const works = await startSimulator({ auth: 'none', search: 'works' });
    const client = createClient(() => works.url);
    try {
      for (const name of ['shop', 'shop 2', 'gone'])
        await client.createConfig('/sources/create', { ...postgres, name });
      const [{ sourceId } = { sourceId: '' }] = Sources.parse(
        (await client.config('/sources/search', { name: 'gone' })).body,
      ).sources;
      await client.config('/sources/delete', { sourceId });
      expect(await searched(client.config, { name: 'shop' })).toEqual(['shop']);
      expect(await searched(client.config, { name: 'SHOP' })).toEqual([]);
      expect(await searched(client.config, { name: 'gone' })).toEqual([]);
      expect(await searched(client.config, { name: '' })).toEqual(['shop', 'shop 2']);
      expect(await searched(client.config, { workspaceId: NOBODY })).toEqual([]);
      const { connectionConfiguration } = postgres;
      const { host } = connectionConfiguration;
      const configured = { name: 'shop', connectionConfiguration: { host } };
      expect(await searched(client.config, configured)).toEqual(['shop']);
    } finally {
      await works.close();
    }
  });

  test('a list has pages of 20, by name, continued after a cursor', async () => {
    for (let number = 10; number < 31; number += 1)
      await createConfig('/sources/create', { ...postgres, name: `shop ${String(number)}` });
    const page = async (more: object) =>
      Sources.parse((await config('/sources/list', { workspaceId, ...more })).body).sources;
    const first = await page({});
    expect([first.length, first[0]?.name, first[19]?.name]).toEqual([20, 'shop 10', 'shop 29']);
    const rest = await page({ cursor: first[19]?.sourceId });
    expect(rest.map(({ name }) => name)).toEqual(['shop 30']);
    expect(await page({ filters: { searchTerm: 'SHOP 2' } })).toHaveLength(10);
  });

  test('before 1.8 a list has everything, whatever is asked for', async () => {
    const old = await startSimulator({ auth: 'none', version: '1.7.4' });
    const client = createClient(() => old.url);
    try {
      for (let number = 0; number < 21; number += 1)
        await client.createConfig('/sources/create', postgres);
      const asked = { workspaceId, pageSize: 5, filters: { searchTerm: 'other' } };
      const { body } = await client.config('/sources/list', asked);
      expect(Sources.parse(body).sources).toHaveLength(21);
      expect(body).not.toHaveProperty('page_size');
    } finally {
      await old.close();
    }
  });
});

describe('checks and discoveries answer 200', () => {
  const file = () => fileSource(`${simulator.url}/_simulator/files/cashflow.csv`);
  const noFile = () => fileSource(`${simulator.url}/_simulator/files/none.csv`);

  test('of a file that is there', async () => {
    const { sourceId } = await createConfig('/sources/create', file());
    expect(await config('/sources/check_connection', { sourceId })).toMatchObject({
      status: 200,
      body: { status: 'succeeded', jobInfo: { succeeded: true } },
    });
    expect(await config('/sources/discover_schema', { sourceId })).toMatchObject({
      status: 200,
      body: {
        catalog: { streams: [{ stream: { name: 'orders' }, config: { selected: true } }] },
        jobInfo: { succeeded: true },
      },
    });
  });

  test('of a file that is not there', async () => {
    const { sourceId } = await createConfig('/sources/create', noFile());
    expect(await config('/sources/check_connection', { sourceId })).toMatchObject({
      status: 200,
      body: { status: 'failed', jobInfo: { succeeded: true } },
    });
    const { status, body } = await config('/sources/discover_schema', { sourceId });
    expect(status).toBe(200);
    expect(body).toMatchObject({ jobInfo: { succeeded: false } });
    expect(body).not.toHaveProperty('catalog');
    expect(JSON.stringify(body)).toMatch('none.csv');
  });

  test('of a configuration that is not saved, and stays so', async () => {
    const unsaved = (body: object) => config('/scheduler/sources/check_connection', body);
    expect(await unsaved(file())).toMatchObject({ status: 200, body: { status: 'succeeded' } });
    expect(await unsaved(noFile())).toMatchObject({ status: 200, body: { status: 'failed' } });
    const broken = await unsaved({ ...file(), connectionConfiguration: {} });
    expect(broken).toMatchObject({ status: 200, body: { status: 'failed' } });
    expect(JSON.stringify(broken)).toMatch('Config validation error');
    expect(await config('/sources/list', { workspaceId })).toMatchObject({ body: { sources: [] } });
  });

  test('of a connector that is made to fail, as often as asked', async () => {
    const failure = { definitionId: SNOWFLAKE, message: 'Bad key.', times: 1 };
    const { destinationId } = await createConfig('/destinations/create', snowflake);
    const check = () => config('/destinations/check_connection', { destinationId });
    await request('POST', '/_simulator/checks', json(failure));
    expect(await check()).toMatchObject({ body: { status: 'failed', message: 'Bad key.' } });
    expect(await check()).toMatchObject({ body: { status: 'succeeded' } });
    await request('POST', '/_simulator/checks', json({ ...failure, job: true }));
    const { status, body } = await check();
    expect(status).toBe(200);
    expect(body).toMatchObject({
      jobInfo: { succeeded: false, failureReason: { externalMessage: 'Bad key.' } },
    });
    expect(body).not.toHaveProperty('status');
  });
});
