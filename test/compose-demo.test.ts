import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { findFreePorts } from '../scripts/ports';

/* The service `demo` of docker-compose.yml, against a gateway that says what it is told to. */

const run = promisify(execFile);
const Failed = z.object({ stdout: z.string() });
const TOKEN = 'provision.development.finance.cashflow.0.bookings.eae4425c4266';

const folder = mkdtempSync(path.join(tmpdir(), 'provisioner-demo-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** What the demo says, and how it ends, when its run comes to this end. */
const play = async (end: { status: string; result: string }) => {
  copyFileSync(path.join(ROOT, 'scripts', 'compose-demo.mjs'), path.join(folder, 'show.mjs'));
  copyFileSync(path.join(ROOT, 'examples', 'cashflow.yaml'), path.join(folder, 'cashflow.yaml'));
  let looks = 0;
  const gateway = createServer(({ method, url = '' }, res) => {
    if (method === 'POST' && url === '/base/v1/provision') res.writeHead(202).end(TOKEN);
    else if (url !== `/base/v1/provision/${TOKEN}/status`) res.writeHead(404).end();
    else res.end(JSON.stringify((looks += 1) > 1 ? end : { status: 'RUNNING', result: '' }));
  });
  const [port = 0] = await findFreePorts(1);
  await new Promise<void>((resolve) => gateway.listen(port, '127.0.0.1', resolve));
  const env = {
    GATEWAY: `http://127.0.0.1:${String(port)}/base`,
    GATEWAY_LINK: 'http://localhost:1/base',
    TEMPORAL_UI_LINK: 'http://localhost:2',
    SIMULATOR_LINK: 'http://localhost:3',
  };
  return run(process.execPath, [path.join(folder, 'show.mjs')], { env })
    .then(
      ({ stdout }) => ({ said: stdout, failed: false }),
      (err: unknown) => ({ said: Failed.parse(err).stdout, failed: true }),
    )
    .finally(() => gateway.close());
};

test('the demo says how its run ended, and where all of it is seen', async () => {
  const { said, failed } = await play({ status: 'COMPLETED', result: 'It is in place.' });
  expect(failed).toBe(false);
  expect(said).toContain('COMPLETED: It is in place.');
  expect(said.match(/http:\S+/g)).toEqual([
    `http://localhost:2/namespaces/default/workflows/${TOKEN}`,
    'http://localhost:2/namespaces/default/workflows',
    'http://localhost:1/base/docs/',
    `http://localhost:1/base/v1/provision/${TOKEN}/status`,
    'http://localhost:3/_simulator/entities',
  ]);
});

test('the demo fails where its run does', async () => {
  const { said, failed } = await play({ status: 'FAILED', result: 'It was undone.' });
  expect(failed).toBe(true);
  expect(said).toContain('FAILED: It was undone.');
});
