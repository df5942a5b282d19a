import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { createAuthority } from './support/certificates';
import { findFreePorts } from '../scripts/ports';
import { ROOT } from '../scripts/child';

/* The scripts of the image; scripts/containers builds and runs it. */

const run = promisify(execFile);

const servers: Server[] = [];
const folder = mkdtempSync(path.join(tmpdir(), 'provisioner-image-'));

afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

/** Listens, and answers each path with its status, others with 404. */
const serve = (
  port: number,
  statuses: Record<string, number>,
  tls?: { cert: string; key: string },
) =>
  new Promise<void>((resolve) => {
    const answer: RequestListener = ({ url = '' }, res) => {
      res.writeHead(statuses[url] ?? 404).end();
    };
    const server = tls ? createTlsServer(tls, answer) : createServer(answer);
    servers.push(server);
    server.listen(port, '127.0.0.1', resolve);
  });

const freePorts = async () => {
  const [gateway = 0, worker = 0, codec = 0, ...simulators] = await findFreePorts(6);
  const [simulator = 0, snowflake = 0, databricks = 0] = simulators;
  return { gateway, worker, simulator, codec, snowflake, databricks };
};

/** Whether the program of the image's HEALTHCHECK takes what listens for healthy. */
const isHealthy = async (ports: Awaited<ReturnType<typeof freePorts>>) => {
  const env = {
    PORT: String(ports.gateway),
    WORKER_PORT: String(ports.worker),
    SIMULATOR_PORT: String(ports.simulator),
    CODEC_PORT: String(ports.codec),
    SNOWFLAKE_SIMULATOR_PORT: String(ports.snowflake),
    DATABRICKS_SIMULATOR_PORT: String(ports.databricks),
  };
  const script = path.join(ROOT, 'scripts', 'healthcheck.mjs');
  return run(process.execPath, [script], { env }).then(
    () => true,
    () => false,
  );
};

test.each([
  ['gateway', '/readyz'],
  ['worker', '/readyz'],
  ['codec', '/livez'],
  ['simulator', '/api/public/v1/health'],
  ['snowflake', '/_simulator'],
  ['databricks', '/_simulator'],
] as const)('the health of a container is that of its %s', async (program, probe) => {
  const ports = await freePorts();
  expect(await isHealthy(ports)).toBe(false);
  await serve(ports[program], { [probe]: 200 });
  expect(await isHealthy(ports)).toBe(true);
});

test.each([200, 503])('of a listener with a certificate, too: %d', async (status) => {
  const ports = await freePorts();
  const pair = createAuthority(folder, `authority-${String(status)}`).issue();
  await serve(ports.gateway, { '/readyz': status }, pair);
  expect(await isHealthy(ports)).toBe(status === 200);
});

test('a container whose program is not ready is not healthy', async () => {
  const ports = await freePorts();
  await serve(ports.worker, { '/readyz': 503 });
  expect(await isHealthy(ports)).toBe(false);
});

const SLIM = pathToFileURL(path.join(ROOT, 'scripts', 'slim.mjs')).href;

/** What a function of slim.mjs returns. */
const slimmed = async (call: string): Promise<unknown> => {
  const program = `
    import * as slim from ${JSON.stringify(SLIM)};
    console.log(JSON.stringify(slim.${call}));`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program]);
  return JSON.parse(stdout);
};

const Bill = z.object({
  components: z.array(z.object({ 'bom-ref': z.string() })),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

test('the bill of materials names what is in the image, and no more', async () => {
  const packages = {
    kept: '1.0.0',
    'kept/node_modules/@scope/inner': '2.0.0',
    'kept/lib/no': '3.0.0',
  };
  for (const [place, version] of Object.entries(packages)) {
    const target = path.join(folder, place);
    mkdirSync(target, { recursive: true });
    const name = place.replace(/^.*node_modules\//, '');
    writeFileSync(path.join(target, 'package.json'), JSON.stringify({ name, version }));
  }
  const refs = ['kept@1.0.0', '@scope/inner@2.0.0', 'kept@0.9.0', 'kept/lib/no@3.0.0'];
  const bill = {
    metadata: { component: { 'bom-ref': 'root@1.0.0' } },
    components: refs.map((ref) => ({ 'bom-ref': ref })),
    dependencies: [
      { ref: 'root@1.0.0', dependsOn: refs },
      { ref: 'kept@0.9.0', dependsOn: ['kept@1.0.0'] },
    ],
  };
  const present = await slimmed(`presentIn(${JSON.stringify(bill)}, ${JSON.stringify(folder)})`);
  expect(Bill.parse(present)).toEqual({
    components: [{ 'bom-ref': 'kept@1.0.0' }, { 'bom-ref': '@scope/inner@2.0.0' }],
    dependencies: [{ ref: 'root@1.0.0', dependsOn: ['kept@1.0.0', '@scope/inner@2.0.0'] }],
  });
});

test('the bill of materials names Node and the packages of Debian', async () => {
  const bill = { components: [{ 'bom-ref': 'kept@1.0.0' }] };
  const packages = [{ name: 'libssl3', version: '3.0.17-1~deb12u2', architecture: 'amd64' }];
  const system = JSON.stringify({ node: '24.1.0', packages });
  expect(await slimmed(`withSystem(${JSON.stringify(bill)}, ${system})`)).toEqual({
    components: [
      { 'bom-ref': 'kept@1.0.0' },
      {
        'bom-ref': 'node@24.1.0',
        type: 'platform',
        name: 'node',
        version: '24.1.0',
        purl: 'pkg:generic/node@24.1.0',
        cpe: 'cpe:2.3:a:nodejs:node.js:24.1.0:*:*:*:*:*:*:*',
      },
      {
        'bom-ref': 'pkg:deb/debian/libssl3@3.0.17-1~deb12u2?arch=amd64',
        type: 'library',
        name: 'libssl3',
        version: '3.0.17-1~deb12u2',
        purl: 'pkg:deb/debian/libssl3@3.0.17-1~deb12u2?arch=amd64',
      },
    ],
  });
});
