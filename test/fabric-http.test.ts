import { createServer } from 'node:http';
import { inspect } from 'node:util';
import { pino } from 'pino';
import { LASTING } from '../src/concurrency/interest';
import { createFabricHttp } from '../src/fabrics/http';
import type { FabricCalled } from '../src/fabrics/http';

/* How much of an answer a call to a fabric takes. */

const MIB = Buffer.alloc(1024 * 1024, ' ');

/** Answers with so many MiB, as far as anybody takes them. */
const served = async (mebibytes: number) => {
  let sent = 0;
  const server = createServer((_req, res) => {
    const more = () => {
      while (sent < mebibytes && !res.destroyed) {
        sent += 1;
        if (!res.write(MIB)) return;
      }
      res.end();
    };
    res.on('drain', more);
    more();
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const called: FabricCalled[] = [];
  const http = createFabricHttp({
    system: 'Snowflake',
    requestTimeout: 30_000,
    log: pino({ level: 'silent' }),
    observe: (each) => called.push(each),
  });
  const ask = (writes: boolean) =>
    http({
      method: 'GET',
      root: `http://127.0.0.1:${String(port)}`,
      path: '/x?y=1',
      operation: '/x',
      headers: {},
      writes,
      interest: LASTING,
    });
  const close = () =>
    new Promise<void>((done) => {
      server.close(() => {
        done();
      });
      server.closeAllConnections();
    });
  return { ask, close, called, sent: () => sent };
};

test('an answer of 32 MiB is read', async () => {
  const { ask, close } = await served(32);
  const { status, text } = await ask(false);
  expect([status, text.length]).toEqual([200, 32 * 1024 * 1024]);
  await close();
});

test.each([false, true])(
  'one that is larger is refused and not received (a write: %s)',
  async (writes) => {
    const { ask, close, called, sent } = await served(4096);
    await expect(ask(writes)).rejects.toMatchObject({
      kind: 'refused',
      unclear: writes,
      status: 200,
      message: 'Snowflake answers GET /x with more than 32 MiB.',
    });
    expect(sent()).toBeLessThan(200);
    expect(called).toMatchObject([{ operation: 'GET /x', outcome: 200 }]);
    await close();
  },
);

test.each([
  ['a line break', '-----BEGIN PRIVATE KEY-----\ngeheim'],
  ['a character that no header has', 'geheim €'],
])('a credential with %s is refused before it is sent, and not told', async (_what, secret) => {
  const called: FabricCalled[] = [];
  const http = createFabricHttp({
    system: 'Snowflake',
    requestTimeout: 1000,
    log: pino({ level: 'silent' }),
    observe: (each) => called.push(each),
  });
  const err: unknown = await http({
    method: 'POST',
    root: 'http://127.0.0.1:9',
    path: '/x',
    operation: '/x',
    headers: { Authorization: `Bearer ${secret}` },
    writes: true,
    interest: LASTING,
  }).catch((thrown: unknown) => thrown);
  expect(err).toMatchObject({
    kind: 'refused',
    message:
      'The header Authorization for Snowflake cannot be sent: it has a line break, or another character that no header has.',
  });
  expect(inspect(err, { depth: 10 })).not.toContain('geheim');
  expect(called).toEqual([]);
});
