import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { findFreePorts } from '../scripts/ports';
import { cliCommand } from '../scripts/stack-settings';
import { findCli, localPort, startTemporal } from '../scripts/temporal';
import type { Temporal } from '../scripts/temporal';

const folder = mkdtempSync(path.join(tmpdir(), 'temporal-server-'));
const logFile = path.join(folder, 'temporal.log');
const dbFile = path.join(folder, 'new', 'temporal.db');

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const withTemporal = async (
  options: Partial<Parameters<typeof startTemporal>[0]>,
  use: (client: Client, server: Temporal) => Promise<void>,
) => {
  const [port = 0] = await findFreePorts(1);
  const server = await startTemporal({ cli: findCli(), port, logFile, ...options });
  const connection = await Connection.connect({ address: server.address });
  try {
    await use(new Client({ connection }), server);
  } finally {
    await connection.close();
    await server.stop();
  }
};

const startRun = (client: Client, workflowId: string) =>
  client.workflow.start('nobodyRunsThis', {
    taskQueue: 'none',
    workflowId,
    typedSearchAttributes: [
      { key: defineSearchAttributeKey('DataProduct', 'KEYWORD'), value: 'finance.cashflow.0' },
    ],
  });

test('takes runs with our search attributes at once, and keeps them over a restart', async () => {
  await withTemporal({ dbFile }, async (client) => {
    await startRun(client, 'first');
  });
  await withTemporal({ dbFile }, async (client) => {
    await startRun(client, 'second');
    const { status } = await client.workflow.getHandle('first').describe();
    expect(status.name).toBe('RUNNING');
  });
}, 30_000);

test('can be a server that nobody told of our search attributes', async () => {
  await withTemporal({ searchAttributes: false }, async (client, server) => {
    expect(server.uiUrl).toBeUndefined();
    await expect(startRun(client, 'refused')).rejects.toHaveProperty(
      'cause.details',
      expect.stringContaining('DataProduct'),
    );
  });
}, 30_000);

test('says why a server that ends early did so', async () => {
  const cli = path.join(folder, 'temporal');
  writeFileSync(cli, `#!${process.execPath}\nconsole.error('no room left');process.exit(3);\n`, {
    mode: 0o755,
  });
  const [port = 0] = await findFreePorts(1);
  await expect(startTemporal({ cli, port, logFile })).rejects.toThrow(
    `The Temporal dev server ended with exit code 3. The last lines of ${logFile}:\nno room left`,
  );
});

const LOST =
  'level=ERROR msg="Failed to start gRPC listener" error="listen tcp 127.0.0.1:4: bind: address already in use"\npanic: runtime error\n\ngoroutine 1 [running]:\nmain.main()\n';

/** The real one, which however loses one of its inner ports the first times that it is started. */
const losesPorts = (times: number): string => {
  const cli = path.join(folder, `loses-${String(times)}`);
  const starts = `${cli}.starts`;
  writeFileSync(
    cli,
    [
      `#!${process.execPath}`,
      `const { appendFileSync, readFileSync, writeSync } = require('node:fs');`,
      `appendFileSync(${JSON.stringify(starts)}, '.');`,
      `const started = readFileSync(${JSON.stringify(starts)}, 'utf8').length;`,
      `if (started <= ${String(times)}) { writeSync(2, ${JSON.stringify(LOST)}); process.exit(2); }`,
      `const { spawn } = require('node:child_process');`,
      `const child = spawn(${JSON.stringify(findCli())}, process.argv.slice(2), { stdio: 'inherit' });`,
      `process.on('SIGTERM', () => child.kill());`,
      `child.on('exit', (code) => process.exit(code ?? 0));`,
    ].join('\n'),
    { mode: 0o755 },
  );
  return cli;
};

test('is started again when another program got one of its inner ports', async () => {
  const started: number[] = [];
  await withTemporal(
    {
      cli: losesPorts(2),
      onLaunch: ({ pid }) => {
        started.push(pid);
      },
    },
    async (client, server) => {
      await startRun(client, 'started again');
      expect(server.pid).toBe(started.at(-1));
    },
  );
  expect(started).toHaveLength(3);
}, 30_000);

test('says which port it lost when that happens for a third time', async () => {
  const [port = 0] = await findFreePorts(1);
  await expect(startTemporal({ cli: losesPorts(3), port, logFile })).rejects.toThrow(
    /exit code 2\. The last lines of .*:\n.*127\.0\.0\.1:4: bind: address already in use"\npanic: runtime error$/,
  );
});

test.each([
  ['localhost:7233', 7233],
  ['127.0.0.1:17233', 17233],
  ['http://localhost:8233', 8233],
])('reads the port of %s', (value, port) => {
  expect(localPort('TEMPORAL_ADDRESS', value)).toBe(port);
});

test.each(['temporal.example.com:7233', 'localhost', '', '::'])(
  'refuses to be a server at "%s"',
  (value) => {
    expect(() => localPort('TEMPORAL_ADDRESS', value)).toThrow(/^TEMPORAL_ADDRESS is /);
  },
);

test.each([
  ['http://127.0.0.1:8093', 'npx provisioner runs list'],
  [
    'http://127.0.0.1:8193/base',
    'PROVISIONER_URL=http://127.0.0.1:8193/base npx provisioner runs list',
  ],
])('the command line is told of a gateway at %s where it would not look', (url, command) => {
  expect(cliCommand({}, url)).toBe(command);
});

test.each([
  [{ TEMPORAL_ADDRESS: '127.0.0.1:17233' }, 'TEMPORAL_ADDRESS=127.0.0.1:17233'],
  [
    { TEMPORAL_TASK_QUEUE: 'mine', TEMPORAL_ADDRESS: '127.0.0.1:7233', TEMPORAL_NAMESPACE: 'dev' },
    'TEMPORAL_ADDRESS=127.0.0.1:7233 TEMPORAL_NAMESPACE=dev TEMPORAL_TASK_QUEUE=mine',
  ],
])('the command line is told of %j', (env, variables) => {
  expect(cliCommand(env)).toBe(`${variables} npx provisioner runs list`);
});
