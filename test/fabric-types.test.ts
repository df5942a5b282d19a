import { ValidationStatus } from '../src/contract/coordinator';
import { createDrift } from '../src/operator/drift';
import { oneQueue } from '../src/temporal/queues';
import { databricksSide, snowflakeSide } from './support/fabric-sides';
import { startFabricWorld } from './support/fabric-world';
import type { FabricWorld } from './support/fabric-world';
import { eventually } from './support/harness';

/* Laws that hold for each type of fabrics: a component's whole life, with what goes wrong in it. */

let world: FabricWorld;
beforeAll(async () => {
  world = await startFabricWorld({ lakehouse: { users: ['jane.doe@example.com'] } });
});
afterAll(() => world.stop());

const keyOf = (component: string) => `${world.environment}/finance.cashflow.0.${component}`;
const nothingLeft = 'Nothing of the component is left in Airbyte and its fabric.';

describe.each([snowflakeSide(() => world), databricksSide(() => world)])('$system', (side) => {
  const { system, place } = side;
  /** Components are of one type only. */
  const named = (name: string) => `${name}-${system.toLowerCase().slice(0, 4)}`;
  const of = (name: string, changes = {}) => side.of(named(name), changes);

  afterEach(async () => {
    world.secret(side.secret, side.secretOf());
    await side.clearFaults();
    await world.clearAirbyteFaults();
  });

  const provisioned = async (name: string, changes = {}) => {
    const { status, result } = await world.run('provision', of(name, changes));
    expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
  };

  test('a provision makes a schema with its tag, which Airbyte may write to, and says so', async () => {
    const { status, result, info, logs } = await world.run('provision', of('first'));
    expect({ status, result }).toMatchObject({ status: 'COMPLETED' });
    const [schema, ...more] = await side.schemasOf(named('first'));
    expect(more).toEqual([]);
    expect(schema).toMatchObject({ name: side.schema(named('first')), tables: 0 });
    expect(schema?.grantees.length).toBeGreaterThan(0);
    expect(info?.publicInfo).toMatchObject({ schema: { value: place(named('first')) } });
    const lines = logs?.map(({ message }) => message).join('\n');
    expect(lines).toContain(`the schema ${place(named('first'))}`);
  });

  test('the same once more writes nothing in either', async () => {
    await provisioned('again');
    const before = await world.state();
    await side.forget();
    await provisioned('again');
    expect(await world.state()).toEqual(before);
    expect(await side.writes()).toEqual([]);
  });

  test('a grant that somebody took away is the one thing that an update makes', async () => {
    await provisioned('repaired');
    const before = await side.schemasOf(named('repaired'));
    await side.revokeOne(named('repaired'));
    const revoked = await side.state();
    await side.forget();
    await provisioned('repaired');
    expect(await side.state()).not.toEqual(revoked);
    expect(await side.schemasOf(named('repaired'))).toEqual(before);
    expect(await side.writes()).not.toEqual([]);
    await side.forget();
    await provisioned('repaired');
    expect(await side.writes()).toEqual([]);
  });

  test('a provision that fails after it leaves nothing in either', async () => {
    const before = await world.state();
    await world.airbyteFault({ operation: 'createConnection', status: 422 });
    const { status, result, info } = await world.run('provision', of('fails'));
    expect(status).toBe('FAILED');
    expect(result).toContain(`the schema ${place(named('fails'))}`);
    expect(info?.privateInfo.undone).not.toEqual([]);
    expect(info?.privateInfo.leftBehind).toEqual([]);
    expect(await world.state()).toEqual(before);
  });

  test('a provision that fails in the middle of its preparation leaves nothing in either', async () => {
    const before = await world.state();
    await side.fault('prepare', { refused: true });
    const { status, result } = await world.run('provision', of('refused'));
    expect(status).toBe('FAILED');
    expect(result).toContain('What to do: ');
    expect(await world.state()).toEqual(before);
  });

  test('a schema that has data by the time of its undo stays, and is told', async () => {
    const before = await world.state();
    // There is time for a table between the grants and the failure; each call is in time.
    await world.airbyteFault({ operation: 'createSource', delay: 700 });
    await world.airbyteFault({ operation: 'createDestination', delay: 700 });
    await world.airbyteFault({ operation: 'createConnection', delay: 700, status: 422 });
    const token = await world.start('provision', of('filled'));
    await eventually(
      async () => (await side.schemasOf(named('filled')))[0]?.grantees[0],
      'the grants',
    );
    await side.addTable(named('filled'));
    const { status, result } = await world.finished(token);
    expect(status).toBe('FAILED');
    expect(result).toContain(
      `Left behind in the fabric: the schema ${place(named('filled'))} (it has 1 table`,
    );
    expect(await side.schemasOf(named('filled'))).toMatchObject([{ tables: 1 }]);
    const gone = await world.run('unprovision', of('filled', { removeData: true }));
    expect(gone).toMatchObject({ status: 'COMPLETED' });
    expect(await world.state()).toEqual(before);
  });

  test.each([
    ['of another component', 'provisioner:other/finance.cashflow.0.theirs'],
    ['nobody knows whose', ''],
  ])('a schema that is %s is refused by name, and nothing is changed', async (_whose, comment) => {
    await side.addSchema('taken', comment);
    const before = await world.state();
    const wish = of('taker', { schema: side.schema('taken') });
    const { status, result } = await world.run('provision', wish);
    expect(status).toBe('FAILED');
    expect(result).toContain(place('taken'));
    expect(result).toContain('What to do: ');
    expect(await world.state()).toEqual(before);
    const removal = await world.run('unprovision', { ...wish, removeData: true });
    expect(removal).toMatchObject({ status: 'COMPLETED' });
    expect(await world.state()).toEqual(before);
    await side.dropSchema('taken');
  });

  test('of two components that want one schema at once one has it, and the other leaves nothing', async () => {
    const before = await world.state();
    const schema = side.schema('contested');
    const wishes = ['one', 'other'].map((name) => of(name, { schema }));
    const ends = await Promise.all(wishes.map((wish) => world.run('provision', wish)));
    expect(ends.map(({ status }) => status).sort()).toEqual(['COMPLETED', 'FAILED']);
    const lost = ends.findIndex(({ status }) => status === 'FAILED');
    expect(ends[lost]?.result).toContain(place('contested'));
    const winner = wishes[1 - lost];
    expect(await side.schemasOf(winner?.component ?? '')).toHaveLength(1);
    expect(await side.schemasOf(wishes[lost]?.component ?? '')).toEqual([]);
    expect(await world.run('unprovision', { ...winner, removeData: true })).toMatchObject({
      status: 'COMPLETED',
    });
    expect(await world.state()).toEqual(before);
  });

  test('an unprovision takes away the grants, and keeps the data unless it is told', async () => {
    const before = await world.state();
    await provisioned('leaves');
    await world.giveAccess(['user:jane.doe_example.com'], of('leaves'));
    expect(await side.readersOf(named('leaves'))).toHaveLength(1);
    await side.addTable(named('leaves'));
    const kept = await world.run('unprovision', of('leaves'));
    expect(kept).toMatchObject({ status: 'COMPLETED' });
    expect(kept.result).toContain(`the schema ${place(named('leaves'))}`);
    expect(await side.schemasOf(named('leaves'))).toEqual([
      { name: side.schema(named('leaves')), tables: 1, grantees: [] },
    ]);
    const gone = await world.run('unprovision', of('leaves', { removeData: true }));
    expect(gone).toMatchObject({ status: 'COMPLETED', result: nothingLeft });
    expect(await world.state()).toEqual(before);
  });

  test('a schema that stayed is found by the next provision, with its data', async () => {
    const before = await world.state();
    await provisioned('returns');
    await side.addTable(named('returns'));
    const first = await side.schemasOf(named('returns'));
    await world.run('unprovision', of('returns'));
    await provisioned('returns');
    expect(await side.schemasOf(named('returns'))).toEqual(first);
    await world.run('unprovision', of('returns', { removeData: true }));
    expect(await world.state()).toEqual(before);
  });

  test('a component that moves to another schema keeps the former, until its data is removed', async () => {
    const before = await world.state();
    await provisioned('moves', { schema: side.schema('old') });
    await provisioned('moves', { schema: side.schema('new') });
    expect((await side.schemasOf(named('moves'))).map(({ name }) => name).sort()).toEqual(
      ['new', 'old'].map(side.schema),
    );
    const last = { schema: side.schema('new'), removeData: true };
    const gone = await world.run('unprovision', of('moves', last));
    expect(gone).toMatchObject({ status: 'COMPLETED' });
    expect(await world.state()).toEqual(before);
  });

  test('a worker that is killed while it prepares is followed by another that ends it', async () => {
    await side.fault('prepare', { hang: 'after' });
    const token = await world.start('provision', of('killed'));
    await eventually(
      async () => (await side.schemasOf(named('killed')))[0]?.grantees[0],
      'the first grant',
    );
    await world.killWorker();
    await world.startWorker();
    expect(await world.finished(token)).toMatchObject({ status: 'COMPLETED' });
    const before = await world.state();
    await provisioned('killed');
    expect(await world.state()).toEqual(before);
  });

  /** Once a drop was done, and nobody answered. */
  const killedAtDrop = async () => {
    await eventually(
      async () => (await side.writes()).find((text) => /^(DROP ROLE|deleteSchema)/.test(text)),
      'the drop',
    );
    await world.killWorker();
    await world.startWorker();
  };

  test('a worker that is killed while it takes all away is followed by another that ends it', async () => {
    const before = await world.state();
    await provisioned('cleans');
    await side.addTable(named('cleans'));
    await side.fault('drop', { hang: 'after' });
    await side.forget();
    const token = await world.start('unprovision', of('cleans', { removeData: true }));
    await killedAtDrop();
    expect(await world.finished(token)).toMatchObject({ status: 'COMPLETED' });
    expect(await world.state()).toEqual(before);
  });

  test('a worker that is killed while it undoes is followed by another that ends it', async () => {
    const before = await world.state();
    await world.airbyteFault({ operation: 'createConnection', status: 422 });
    await side.fault('drop', { hang: 'after' });
    await side.forget();
    const token = await world.start('provision', of('undoes'));
    await killedAtDrop();
    const { status, info } = await world.finished(token);
    expect(status).toBe('FAILED');
    expect(info?.privateInfo.leftBehind).toEqual([]);
    expect(await world.state()).toEqual(before);
  });

  test('a secret that is missing is told before anything is written, and nothing has its value', async () => {
    const before = await world.state();
    world.secret(side.secret, 'canary-that-opens-nothing');
    // What was made of the former one is not let in any more.
    await world.control('/tokens/expire');
    await world.lakehouse?.control('/tokens?how=expire&kind=oauth', undefined, 'DELETE');
    const { status, result } = await world.run('provision', of('keyless'));
    expect(status).toBe('FAILED');
    expect(result).toMatch(/Databricks|finance-dev/);
    expect(result).not.toContain('canary');
    expect(await world.state()).toEqual(before);
    world.secret(side.secret, side.secretOf());
    await provisioned('keyless');
    expect(world.output()).not.toMatch(/canary-that|BEGIN PRIVATE KEY/);
  });

  const validate = async (changes: object) => {
    const body = world.bodyOf(changes);
    const { status, text: token } = await world.call('POST', '/v2/validate', body);
    expect({ status, token }).toMatchObject({ status: 202 });
    return eventually(async () => {
      const { text } = await world.call('GET', `/v2/validate/${token}/status`);
      const seen = ValidationStatus.parse(JSON.parse(text));
      return seen.status === 'RUNNING' ? undefined : seen;
    }, `the end of ${token}`);
  };
  const errorsOf = ({ info }: ValidationStatus) => info?.publicInfo.error?.errors ?? [];
  const checksOf = ({ info }: ValidationStatus) =>
    (info?.privateInfo?.checks ?? []).filter((line) => line.includes(`${system}, `));

  test('a validation tells each check of the fabric, and writes nothing', async () => {
    const before = await world.state();
    await side.forget();
    const status = await validate(of('checked'));
    expect(errorsOf(status)).toEqual([]);
    const passed = checksOf(status).flatMap(
      (line) => /^passed: specific\.destination: \w+, ([a-z ]+): /.exec(line)?.[1] ?? [],
    );
    for (const name of ['connection', 'warehouse', 'create schema']) expect(passed).toContain(name);
    expect(await world.state()).toEqual(before);
    expect(await side.writes()).toEqual([]);
  });

  test('v1/validate is told by itself: a name that cannot be is a problem at its path, as in v2 and in a provision', async () => {
    const schema = 'information_schema';
    const at = 'specific.destination.connectionConfiguration.schema';
    const wrong = of('named', {
      schema: system === 'Snowflake' ? schema.toUpperCase() : '1st.flow',
    });
    const right = await world.call('POST', '/v1/validate', world.bodyOf(of('named')));
    expect([right.status, right.text]).toEqual([200, expect.stringContaining('"valid":true')]);
    const judged = await world.call('POST', '/v1/validate', world.bodyOf(wrong));
    expect(judged.text).toContain('"valid":false');
    expect(judged.text).toContain(at);
    expect(errorsOf(await validate(wrong))).toContainEqual(expect.stringContaining(at));
    const { status, text } = await world.call('POST', '/v1/provision', world.bodyOf(wrong));
    expect(status).toBe(400);
    expect(text).toContain(at);
  });

  test('a schema of nobody, and of another component, is a problem of the descriptor at its path', async () => {
    await provisioned('owner');
    await side.addSchema('nobodys', '');
    const before = await world.state();
    for (const schema of [side.schema(named('owner')), side.schema('nobodys')])
      expect(errorsOf(await validate(of('wisher', { schema })))).toEqual([
        expect.stringMatching(
          new RegExp(
            `^specific\\.destination\\.connectionConfiguration\\.schema: ${system}, schema: `,
          ),
        ),
      ]);
    expect(await world.state()).toEqual(before);
    await side.dropSchema('nobodys');
  });

  test('a fabric that does not answer fails by itself, and what Airbyte says is told', async () => {
    await side.silence();
    const status = await validate(of('deaf'));
    // Airbyte's own credentials are tried by themselves, where they are others.
    const entry = new RegExp(`^specific\\.destination: ${system}, connection( of Airbyte)?: .*503`);
    const [first, ...others] = errorsOf(status);
    expect(first).toMatch(/, connection: .*503/);
    expect([first, ...others].filter((each) => !entry.test(each ?? ''))).toEqual([]);
    expect(status.info?.privateInfo?.checks).toContainEqual(
      expect.stringContaining('passed: specific.source: the configuration is'),
    );
  });

  const driftOf = async (component: string) =>
    (
      await createDrift({
        client: world.client,
        queues: oneQueue(world.env.TEMPORAL_TASK_QUEUE),
      }).check(world.environment)
    ).findings
      .filter((finding) => finding.component === keyOf(component))
      .map(({ kind, entity, name, fabric }) => ({ kind, entity, name, fabric }));
  let deployments = 0;
  /** Until Temporal's list, which lags behind, says so: of what runs there is no drift. */
  const deployed = async () => {
    deployments += 1;
    const token = await world.start('provision', of('drifts'));
    expect(await world.finished(token)).toMatchObject({ status: 'COMPLETED' });
    await eventually(async () => {
      const query = `WorkflowId = '${token}' AND ExecutionStatus = 'Completed'`;
      const { count } = await world.client.workflow.count(query);
      return count >= deployments ? true : undefined;
    }, `${token} in the list`);
  };

  test('drift tells a schema that is gone and a grant that is gone, by name, and is silent of what is as wanted', async () => {
    const component = named('drifts');
    await deployed();
    await side.forget();
    expect(await driftOf(component)).toEqual([]);
    expect(await side.writes()).toEqual([]);
    await side.revokeOne(component);
    const [revoked] = await driftOf(component);
    expect(revoked).toMatchObject({ kind: 'missing', entity: 'grant' });
    await deployed();
    expect(await driftOf(component)).toEqual([]);
    await side.dropSchema(component);
    const fabric = system === 'Snowflake' ? 'finance-dev' : 'lakehouse';
    expect(await driftOf(component)).toContainEqual({
      kind: 'missing',
      entity: 'schema',
      name: place(component),
      fabric,
    });
  });
});
