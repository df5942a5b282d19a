import { z } from 'zod';
import { startDatabricksSimulator } from '../simulator/databricks/simulator';
import type { DatabricksSimulator } from '../simulator/databricks/simulator';
import { clusterId, databricksClient, eventually, matching, problem } from './support/databricks';

/* Clusters, and the commands that they run. */

let simulator: DatabricksSimulator;
beforeAll(async () => {
  simulator = await startDatabricksSimulator({
    startDuration: 0,
    contextDuration: 0,
    chunkRows: 2,
  });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const { call, control, entities } = databricksClient(() => simulator.url);

describe('clusters and commands', () => {
  const API = '/api/1.2';
  const Id = z.object({ id: z.string() });
  const run = async (language: string, command: string) => {
    const created = await call('POST', `${API}/contexts/create`, { clusterId, language });
    const { id: contextId } = Id.parse(created.body);
    const ids = { clusterId, contextId };
    await eventually(
      () => call('GET', `${API}/contexts/status?${String(new URLSearchParams(ids))}`),
      ({ body }) => z.object({ status: z.string() }).parse(body).status === 'Running',
    );
    const sent = await call('POST', `${API}/commands/execute`, { ...ids, language, command });
    const query = new URLSearchParams({ ...ids, commandId: Id.parse(sent.body).id });
    const { body } = await eventually(
      () => call('GET', `${API}/commands/status?${String(query)}`),
      (answer) => z.object({ status: z.string() }).parse(answer.body).status === 'Finished',
    );
    await call('POST', `${API}/contexts/destroy`, ids);
    return body;
  };

  test('a cluster is started once', async () => {
    const path = `/api/2.1/clusters/get?cluster_id=${clusterId}`;
    expect(await call('GET', path)).toMatchObject({ body: { state: 'TERMINATED' } });
    const start = () => call('POST', '/api/2.1/clusters/start', { cluster_id: clusterId });
    expect(await start()).toEqual({ status: 200, body: {} });
    expect(await start()).toEqual({
      status: 400,
      body: problem('INVALID_STATE', /is in unexpected state/),
    });
    await eventually(
      () => call('GET', path),
      ({ body }) => z.object({ state: z.string() }).parse(body).state === 'RUNNING',
    );
    expect(await call('GET', '/api/2.0/clusters/get?cluster_id=nosuch')).toEqual({
      status: 400,
      body: problem('INVALID_PARAMETER_VALUE', 'Cluster nosuch does not exist'),
    });
  });

  test.each([
    ['python', 'print("hello")\n1+1', { resultType: 'text', data: 'hello\n2' }],
    [
      'python',
      'raise ValueError("no")',
      { resultType: 'error', summary: matching(/ValueError.*no/) },
    ],
    ['python', 'import os', { resultType: 'error', summary: matching(/NotImplementedError/) }],
    ['sql', 'SELECT 1', { resultType: 'table', data: [[1]] }],
    ['sql', 'SELEC 1', { resultType: 'error', summary: matching(/PARSE_SYNTAX_ERROR/) }],
    ['scala', '1', { resultType: 'error' }],
  ])('%s: %s is Finished', async (language, command, results) => {
    await control('POST', '/cluster', { state: 'RUNNING' });
    expect(await run(language, command)).toMatchObject({ status: 'Finished', results });
    expect((await entities()).contexts).toEqual([]);
  });

  test('there are no contexts on a cluster that does not run', async () => {
    const answer = await call('POST', `${API}/contexts/create`, { clusterId, language: 'python' });
    expect(answer).toEqual({ status: 400, body: { error: matching(/^ClusterNotReadyException/) } });
  });

  test('a context goes with its cluster', async () => {
    await control('POST', '/cluster', { state: 'RUNNING' });
    await call('POST', `${API}/contexts/create`, { clusterId, language: 'python' });
    await control('POST', '/cluster', { state: 'TERMINATED' });
    expect((await entities()).contexts).toEqual([]);
  });

  test('a command is cancelled', async () => {
    await control('POST', '/cluster', { state: 'RUNNING' });
    const language = 'python';
    const { body } = await call('POST', `${API}/contexts/create`, { clusterId, language });
    const ids = { clusterId, contextId: Id.parse(body).id };
    await eventually(entities, ({ contexts }) => contexts[0]?.status === 'Running');
    const given = { ...ids, language, command: 'time.sleep(600)' };
    const { id: commandId } = Id.parse((await call('POST', `${API}/commands/execute`, given)).body);
    await call('POST', `${API}/commands/cancel`, { ...ids, commandId });
    const query = new URLSearchParams({ ...ids, commandId });
    expect(await call('GET', `${API}/commands/status?${String(query)}`)).toMatchObject({
      body: { status: 'Cancelled' },
    });
  });
});
