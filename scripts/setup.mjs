// Prepares a checkout (dependencies, Temporal CLI, build), then runs a command in it:
//   node scripts/setup.mjs [COMMAND ARGS…]
// It runs before `npm ci`, so it takes nothing but what Node brings.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  exitOf,
  Interrupted,
  pathVariable,
  readText,
  runQuietly,
  say,
  SetupError,
  step,
  withLock,
} from './setup-steps.mjs';
import { fetchCli, findCli, removeLeftovers } from './setup-temporal.mjs';

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const OLDEST_NODE = [20, 12];

/* Node. */

const nodeProblem = (version) => {
  const [major, minor] = version.replace('v', '').split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  return `Node ${OLDEST_NODE.join('.')} or newer is needed, and this is ${version}: install a current one from https://nodejs.org.`;
};

/* Dependencies. */

const manifests = (root) => ['package.json', 'package-lock.json'].map((at) => path.join(root, at));

const hashOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readText(file) ?? '');
  return hash.digest('hex');
};

const stampOf = (root) => path.join(root, 'node_modules', '.setup');

const readJson = (file) => JSON.parse(readText(file) ?? '{}');

const asJson = (value) => JSON.stringify(value ?? {});

/** npm writes its record last, so a complete one that agrees with the lockfile is an `npm ci` by hand. */
const matchesRecord = (root) => {
  const [manifest, lockfile] = manifests(root).map(readJson);
  const { '': top = {}, ...wanted } = lockfile.packages ?? {};
  const kinds = ['dependencies', 'devDependencies'];
  if (kinds.some((kind) => asJson(manifest[kind]) !== asJson(top[kind]))) return false;
  const { packages } = readJson(path.join(root, 'node_modules', '.package-lock.json'));
  if (!packages) return false;
  return Object.entries(wanted).every(([at, { version, optional }]) =>
    packages[at] ? packages[at].version === version : optional,
  );
};

const stampInstall = (root) => writeFileSync(stampOf(root), hashOf(manifests(root)));

const isInstalled = (root) => {
  if (readText(stampOf(root)) === hashOf(manifests(root))) return true;
  if (!matchesRecord(root)) return false;
  stampInstall(root);
  return true;
};

/** The npm that runs us, so that `npm` need not be on the PATH. */
const npm = ({ npm_execpath: running = '' }) =>
  running.endsWith('npm-cli.js') ? [process.execPath, running] : ['npm'];

const install = async ({ root, cache, env, interrupt }) => {
  const [command, ...args] = npm(env);
  await step('Installing dependencies (npm ci)', () =>
    runQuietly({
      command,
      args: [...args, 'ci', '--include=dev'],
      cwd: root,
      env,
      log: path.join(cache, 'logs', 'npm-ci.log'),
      interrupt,
      failure: 'npm ci failed: see the lines above.',
    }),
  );
  stampInstall(root);
};

/* The build. */

const SOURCES = ['src', 'workflows', 'activities', 'simulator', 'scripts', 'bench', 'chaos'];
const BUILD_INPUTS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

const filesIn = (folder) =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
        .sort()
    : [];

/** By content: checkouts and copies play tricks with times. */
export const sourcesHash = (root) =>
  hashOf([
    ...SOURCES.flatMap((folder) => filesIn(path.join(root, folder))),
    ...BUILD_INPUTS.map((file) => path.join(root, file)),
  ]);

export const buildStamp = (root) => path.join(root, 'dist', '.sources');

const isBuilt = (root) => readText(buildStamp(root)) === sourcesHash(root);

const build = ({ root, cache, env, interrupt }) =>
  step('Building', () =>
    runQuietly({
      command: process.execPath,
      args: [path.join(root, 'scripts', 'build.mjs')],
      cwd: root,
      env,
      log: path.join(cache, 'logs', 'build.log'),
      interrupt,
      failure: 'The build failed: see the lines above.',
    }),
  );

/* All together. */

/** Makes the checkout ready and returns the Temporal CLI to use. */
const prepare = async ({ root, env, interrupt }) => {
  const cache = path.join(root, '.cache');
  mkdirSync(cache, { recursive: true });
  removeLeftovers(cache);
  const context = { root, cache, env, interrupt };
  const cli = findCli(context);
  if (cli && isInstalled(root) && isBuilt(root)) return cli;
  return withLock({ lock: path.join(cache, 'setup.lock'), interrupt }, async () => {
    if (!isInstalled(root)) await install(context);
    const found = findCli(context) ?? (await fetchCli(context));
    if (!isBuilt(root)) await build(context);
    return found;
  });
};

/* Signals. */

/** Of npm, where it runs us in a shell: killed, it leaves the shell behind. */
const npmAboveShell = () => {
  try {
    const shown = execFileSync('ps', ['-o', 'ppid=,args=', '-p', String(process.ppid)]);
    const [, pid] = /^ *(\d+) \S*sh -c/.exec(shown.toString()) ?? [];
    return pid === undefined ? undefined : Number(pid);
  } catch {
    return undefined;
  }
};

const isGone = (pid) => {
  try {
    process.kill(pid, 0);
    return false;
  } catch (err) {
    return err.code === 'ESRCH';
  }
};

/** Looked up once, at the start: later npm may be gone already. */
const [parent, grandparent] = process.env.npm_lifecycle_event
  ? [process.ppid, npmAboveShell()]
  : [];

const isOrphan = () =>
  parent !== undefined &&
  (process.ppid !== parent || (grandparent !== undefined && isGone(grandparent)));

/**
 * Tells of every request to end. npm runs its scripts in a shell, which may die of npm's SIGTERM without
 * passing it on, or live on when npm is killed: there, the end of either is one too.
 */
const onEndRequested = (handle) => {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, handle);
  const watch = setInterval(() => isOrphan() && handle('SIGTERM'), 250);
  return () => {
    clearInterval(watch);
    for (const signal of signals) process.off(signal, handle);
  };
};

/**
 * The command decides when it is done. Ctrl-C reaches it from the terminal as well as from us, so what
 * runs here takes a repeated signal as one.
 */
const runCommand = async ([command, ...args], env) => {
  const shell = process.platform === 'win32';
  const child = spawn(command, args, { cwd: ROOT, env, shell, stdio: 'inherit' });
  const release = onEndRequested((signal) => child.kill(signal));
  const exit = exitOf(child, new AbortController().signal).finally(release);
  return exit.catch((err) => {
    throw new SetupError(`${command} could not be started: ${err.message}`);
  });
};

const prepareHere = () => {
  const interruption = new AbortController();
  const release = onEndRequested((signal) => interruption.abort(new Interrupted(signal)));
  const { signal: interrupt } = interruption;
  return prepare({ root: ROOT, env: process.env, interrupt }).finally(release);
};

const main = async (command) => {
  const problem = nodeProblem(process.version);
  if (problem) throw new SetupError(problem);
  const cli = await prepareHere();
  if (command.length === 0) return 0;
  const variable = pathVariable(process.env);
  const tools = path.join(ROOT, 'node_modules', '.bin');
  const folders = [tools, process.env[variable]].filter(Boolean).join(path.delimiter);
  return runCommand(command, { ...process.env, [variable]: folders, TEMPORAL_CLI: cli });
};

const fail = (err) => {
  if (err instanceof Interrupted) return err.exitCode;
  say(err instanceof SetupError ? err.message : String(err.stack));
  return 1;
};

const isMain = process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isMain) process.exitCode = await main(process.argv.slice(2)).catch(fail);
