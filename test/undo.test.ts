import { API } from './support/airbyte-operations';
import { eventually, isWrite } from './support/harness';
import { differencesOf } from './support/situations/state';
import { useWorlds } from './support/situations/run-rows';
import { ended, LAST, NEW_HOST } from './support/situations/world';
import type { Played, Wish } from './support/situations/world';

/* What an undo did wrong when it was first examined, each by itself; the fault matrix has the rest. */

const withWorld = useWorlds();

const writesIn = ({ calls }: Played) => calls.filter(isWrite).map(({ operation }) => operation);

const expectAsBefore = (told: Played) => {
  expect(told.status.status).toBe('FAILED');
  expect(told.status.result).not.toContain('Left behind');
  expect(differencesOf(told.before, told.after)).toEqual([]);
};

/** A file, whose one stream is called after the data set. */
const file = (dataset: string, connection: object = {}): Wish => ({
  instead: {
    name: 'ERP',
    connectionConfiguration: {
      url: 'https://files.example.invalid/a.csv',
      dataset_name: dataset,
    },
  },
  connection: { streams: [{ name: dataset }], ...connection },
});

test('an update that its specification refuses does nothing, and nothing is undone', () =>
  withWorld('spec', async (world) => {
    await world.provision({ custom: true });
    const refused: Wish = { custom: true, source: { port: 543_200, secret: 'OTHER' } };
    const told = await world.update(refused);
    expectAsBefore(told);
    expect(told.status.result).toContain('specific.source.connectionConfiguration.port');
    expect(told.status.result).not.toContain('Undone');
    expect(writesIn(told)).toEqual([]);
  }));

test('a slip in a stream after another host and secret were written: the former secret is back', () =>
  withWorld('slip', async (world) => {
    await world.provision();
    const told = await world.update({
      source: { host: NEW_HOST, secret: 'OTHER' },
      connection: { streams: [{ name: 'custumers' }] },
    });
    expectAsBefore(told);
    expect(told.status.result).toContain('did you mean customers?');
    expect(told.status.result).toContain('Undone: the source "ERP" (put back as it was).');
  }));

test('a slip in a stream of the source as it is: another destination is not even written', () =>
  withWorld('destination', async (world) => {
    await world.provision();
    const told = await world.update({
      destination: { host: NEW_HOST, secret: 'OTHER' },
      connection: { streams: [{ name: 'custumers' }] },
    });
    expectAsBefore(told);
    expect(writesIn(told)).toEqual([]);
  }));

test('of a pair one changes its data set, the other fails: source and connection fit again', () =>
  withWorld('pair', async (world) => {
    const ledger = file('ledger');
    await world.product([file('bookings'), ledger]);
    const slip = file('ledger', { streams: [{ name: 'nothere' }] });
    expectAsBefore(await world.product([file('entries'), slip]));
  }));

test('another data set whose first sync cannot start: source and connection fit again', () =>
  withWorld('rename', async (world) => {
    await world.provision(file('bookings'));
    const operation = API === 'public' ? 'createJob' : 'syncConnection';
    const told = await world.update(file('entries', { syncOnProvision: true }), {
      operation,
      status: 403,
    });
    expectAsBefore(told);
  }));

test('what the update does not change is neither written nor told as put back', () =>
  withWorld('untouched', async (world) => {
    await world.provision();
    const told = await world.update({ connection: { prefix: 'changed_' } }, LAST);
    expectAsBefore(told);
    expect(writesIn(told)).not.toContain('putSource');
    expect(told.status.result).not.toContain('the source');
  }));

test('what somebody changes between the look and the write is not written over, nor undone', () =>
  withWorld('meanwhile', async (world) => {
    const { harness } = world;
    await world.provision();
    // The look is over once the source has been written; the connection is written last.
    await harness.fault({ operation: 'putSource', delay: 3000 });
    await harness.forgetCalls();
    const token = await world.start({
      source: { host: NEW_HOST },
      connection: { prefix: 'changed_' },
    });
    const isWriting = async () => (await harness.calls('putSource')).length > 0 || undefined;
    await eventually(isWriting, 'the write of the source');
    const [connection] = (await harness.entities()).connections;
    await harness.airbyte('PATCH', `/connections/${connection?.connectionId ?? ''}`, {
      name: 'By hand',
    });
    const { status, result } = await ended(harness, token);
    expect(status).toBe('FAILED');
    expect(result).toContain('was changed in Airbyte');
    expect(result).not.toContain('Left behind');
    expect((await harness.entities()).connections).toMatchObject([{ name: 'By hand', prefix: '' }]);
  }));

test.each([
  {
    kind: 'connection',
    read: 'getConnection',
    wish: { connection: { prefix: 'changed_' } },
    edit: { name: 'By hand' },
  },
  {
    kind: 'source',
    read: 'getSource',
    wish: { source: { host: NEW_HOST } },
    edit: { configuration: { host: 'hand.example.com' } },
  },
])('a $kind that is read in vain, then changed by somebody, is left as that one has it', (row) =>
  withWorld(`unread-${row.kind}`, async (world) => {
    const { harness } = world;
    const { kind, read, wish, edit } = row;
    await world.provision();
    await harness.forgetCalls();
    await harness.fault({ operation: read, status: 503, times: 0 });
    const token = await world.start(wish);
    const isRead = async () => (await harness.calls(read)).length > 0 || undefined;
    await eventually(isRead, `a call of ${read}`);
    const { connections, sources } = await harness.entities();
    const id = kind === 'source' ? sources[0]?.sourceId : connections[0]?.connectionId;
    await harness.airbyte('PATCH', `/${kind}s/${id ?? ''}`, edit);
    await harness.clearFaults();
    const { status, result } = await ended(harness, token);
    expect(status).toBe('FAILED');
    expect(result).toContain(`The ${kind} "`);
    expect(result).toContain('was changed in Airbyte');
    expect(result).not.toContain('Undone');
    expect(result).not.toContain('Left behind');
    const after = await harness.entities();
    expect(kind === 'source' ? after.sources : after.connections).toMatchObject([edit]);
  }),
);

test('a worker that is killed while it undoes: another one puts back the same', () =>
  withWorld('killed', async (world) => {
    const { harness } = world;
    await world.provision();
    const told = await world.seen(async () => {
      await harness.fault(LAST);
      await harness.fault({ operation: 'putSource', skip: 1, hang: 'after' });
      const wish: Wish = {
        source: { host: NEW_HOST, secret: 'OTHER' },
        connection: { prefix: 'changed_' },
      };
      const token = await world.start(wish);
      const isUndoing = async () => (await harness.calls('putSource')).length > 1 || undefined;
      await eventually(isUndoing, 'the undo of the source');
      await harness.worker()?.end('SIGKILL');
      await harness.startWorker();
      return ended(harness, token);
    });
    expectAsBefore(told);
  }));
