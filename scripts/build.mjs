// Compiles to dist/ and bundles the workflows, so that a worker starts without webpack.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildStamp, sourcesHash } from './setup.mjs';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const DIST = path.join(ROOT, 'dist');

const compile = () => {
  const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  return status ?? 1;
};

/** Webpack talks at length; what it said is shown only when it fails. */
const bundle = async (name, converter = {}) => {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const said = [];
  const logger = new DefaultLogger('INFO', ({ message }) => said.push(message));
  const workflowsPath = path.join(DIST, 'workflows', 'index.js');
  const workflowInterceptorModules = [path.join(DIST, 'workflows', 'interceptors.js')];
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    workflowInterceptorModules,
    ...converter,
    logger,
  }).catch((err) => {
    process.stderr.write(`${said.join('\n')}\n`);
    throw err;
  });
  // A name tsc does not emit; the rename keeps half a bundle from a worker that starts meanwhile.
  const half = path.join(DIST, `${name}.${process.pid}.tmp`);
  writeFileSync(half, code);
  renameSync(half, path.join(DIST, `${name}.js`));
};

const main = async () => {
  // Before compiling: what changes meanwhile is built the next time.
  const hash = sourcesHash(ROOT);
  mkdirSync(DIST, { recursive: true });
  rmSync(buildStamp(ROOT), { force: true });
  const failed = compile();
  if (failed) return failed;
  const failureConverterPath = path.join(DIST, 'src', 'encryption', 'failures.js');
  await bundle('workflow-bundle');
  await bundle('workflow-bundle-encrypting', { failureConverterPath });
  // npm runs a package's commands as files of their own.
  chmodSync(path.join(DIST, 'src', 'provisioner.js'), 0o755);
  writeFileSync(buildStamp(ROOT), hash);
  return 0;
};

process.exitCode = await main();
