import { startFabricWorld } from './support/fabric-world';
import type { FabricWorld } from './support/fabric-world';
import { eventually } from './support/harness';
import { startReceiver } from './support/otlp-receiver';
import type { Receiver } from './support/otlp-receiver';

/* What a component has in Snowflake; what holds for each type is in fabric-types.test.ts. */

let world: FabricWorld;
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
  world = await startFabricWorld({
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_SCHEDULE_DELAY: '100' },
  });
});
afterAll(async () => {
  await world.stop();
  await receiver.close();
});
afterEach(async () => {
  await world.clearFaults();
  await world.clearAirbyteFaults();
});

const schemaOf = async (name: string) =>
  (await world.warehouse()).databases
    .find((database) => database.name === 'ANALYTICS')
    ?.schemas.find((schema) => schema.name === name);

const keyOf = (component: string) => `${world.environment}/finance.cashflow.0.${component}`;

test('a provision makes schema, role and grants, tagged, and says so', async () => {
  const { status, result, info, logs } = await world.run('provision', { component: 'first' });
  expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
  const schema = await schemaOf('FIRST');
  expect(schema?.comment).toBe(`provisioner:${keyOf('first')}`);
  const { roles } = await world.warehouse();
  const role = roles.find(({ comment }) => comment === `provisioner:${keyOf('first')}`);
  expect(role?.name).toMatch(/^CASHFLOW_0_FIRST_READ_[0-9A-F]{8}$/);
  const reads = schema?.grants.filter((grant) => grant.role === role?.name);
  expect(reads?.map(({ privilege }) => privilege)).toEqual(['USAGE']);
  expect(schema?.futureGrants.filter((grant) => grant.role === role?.name)).toHaveLength(2);
  const writes = schema?.grants.filter((grant) => grant.role === 'AIRBYTE');
  expect(writes?.map(({ privilege }) => privilege)).toEqual(
    expect.arrayContaining(['USAGE', 'CREATE TABLE']),
  );
  expect(info?.publicInfo).toMatchObject({
    schema: { label: 'Schema in Snowflake', value: 'ANALYTICS.FIRST' },
    role: { value: role?.name },
  });
  expect(logs?.map(({ message }) => message).join('\n')).toContain('the schema ANALYTICS.FIRST');
});

test('each call to the fabric is a span of the trace of its run', async () => {
  const traceId = 'a'.repeat(32);
  const body = JSON.stringify(world.bodyOf({ component: 'traced' }));
  const answer = await fetch(`${world.gateway.found}/v1/provision`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    },
    body,
  });
  expect((await world.finished(await answer.text())).status).toBe('COMPLETED');
  const spans = await eventually(() => {
    const found = receiver.spansOf(traceId).filter((span) => 'fabric.system' in span.attributes);
    return found.length > 0 ? found : undefined;
  }, 'spans of calls to the fabric');
  expect(spans.map(({ attributes }) => attributes['fabric.system'])).toContain('Snowflake');
  expect(spans.map(({ name }) => name)).toContain('POST /api/v2/statements');
});

test('a run that is ended while Snowflake does not answer waits for Snowflake, and takes away what it made', async () => {
  const before = await world.state();
  const traceId = 'b'.repeat(32);
  await world.fault({ operation: 'createRole', hang: 'after' });
  const answer = await fetch(`${world.gateway.found}/v1/provision`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${traceId}-00f067aa0ba902b7-01`,
    },
    body: JSON.stringify(world.bodyOf({ component: 'ended' })),
  });
  const token = await answer.text();
  await eventually(async () => {
    const { roles } = await world.warehouse();
    return roles.some(({ name }) => name.startsWith('CASHFLOW_0_ENDED_')) || undefined;
  }, 'the role');
  await world.call('DELETE', `/v1/provision/${token}`);
  const phase = await eventually(async () => {
    const { result } = await world.status(token);
    return result.includes('; waiting until ') ? result : undefined;
  }, 'the wait');
  expect(phase).toMatch(/; waiting until \S+Z for what Snowflake may still do/);
  const { status, result } = await world.finished(token);
  expect(status).toBe('TERMINATED');
  expect(result).toMatch(/the schema ANALYTICS\.ENDED and .* in Snowflake \(taken away\)/);
  expect((await world.state()).snowflake).toEqual(before.snowflake);
  const waits = await eventually(() => {
    const found = receiver.spansOf(traceId).filter(({ name }) => name.startsWith('WaitForF'));
    return found.length > 0 ? found : undefined;
  }, 'the span of the wait');
  expect(waits.map(({ name }) => name)).toEqual(['WaitForFabric']);
});

test('an undo tells in its log, too, only what it has taken away', async () => {
  const before = await world.state();
  await world.fault({ operation: 'createRole', code: '003001', times: 0 });
  const { status, result, logs } = await world.run('provision', { component: 'halfway' });
  expect(status).toBe('FAILED');
  expect(result).toMatch(/Undone: the schema ANALYTICS\.HALFWAY\b.* in Snowflake \(taken away\)/);
  const undone = logs?.flatMap(({ message }) => (message.startsWith('Undone: ') ? [message] : []));
  expect(undone).toEqual([
    expect.stringMatching(/^Undone: the schema ANALYTICS\.HALFWAY\b.* in Snowflake taken away$/),
  ]);
  expect(undone?.join('')).not.toContain('the role');
  expect((await world.state()).snowflake).toEqual(before.snowflake);
});

test('an unprovision takes away role and grants, and keeps the data unless it is told', async () => {
  const before = await world.state();
  await world.run('provision', { component: 'leaves' });
  await world.control('/objects', { database: 'ANALYTICS', schema: 'LEAVES', name: 'ROWS' });
  const kept = await world.run('unprovision', { component: 'leaves' });
  expect(kept).toMatchObject({ status: 'COMPLETED' });
  expect(kept.result).toContain('the schema ANALYTICS.LEAVES');
  const schema = await schemaOf('LEAVES');
  expect(schema?.objects).toHaveLength(1);
  expect(schema?.grants.filter(({ role }) => role !== schema.owner)).toEqual([]);
  expect(schema?.futureGrants).toEqual([]);
  expect((await world.warehouse()).roles).toEqual(before.snowflake.roles);
  const gone = await world.run('unprovision', { component: 'leaves', removeData: true });
  expect(gone).toMatchObject({
    status: 'COMPLETED',
    result: 'Nothing of the component is left in Airbyte and its fabric.',
  });
  expect((await world.state()).snowflake).toEqual(before.snowflake);
});

test('a schema whose drop is undone has its data again', async () => {
  await world.run('provision', { component: 'undrops' });
  await world.control('/objects', { database: 'ANALYTICS', schema: 'UNDROPS', name: 'ROWS' });
  const before = await schemaOf('UNDROPS');
  await world.fault({ operation: 'dropRole', code: '003001', times: 0 });
  const failed = await world.run('unprovision', { component: 'undrops', removeData: true });
  expect(failed.status).toBe('FAILED');
  expect(failed.result).toContain('Left behind in the fabric');
  expect(failed.result).toContain('the schema ANALYTICS.UNDROPS in Snowflake (given back)');
  expect(failed.result).toContain('then try again.');
  expect(failed.result).not.toContain('deploy again');
  expect(await schemaOf('UNDROPS')).toEqual(before);
  await world.clearFaults();
  const again = await world.run('unprovision', { component: 'undrops', removeData: true });
  expect(again.status).toBe('COMPLETED');
  expect(await schemaOf('UNDROPS')).toBeUndefined();
});
