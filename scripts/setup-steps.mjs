// How scripts/setup.mjs runs its steps: quietly, with signs of life, one set-up at a time.
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the user can mend: shown as one sentence, without a stack. */
export class SetupError extends Error {}

export class Interrupted extends Error {
  constructor(signal) {
    super(`stopped by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

export const say = (line) => process.stderr.write(`${line}\n`);

export const readText = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

const lastLines = (file, count = 15) =>
  (readText(file) ?? '').trimEnd().split('\n').slice(-count).join('\n');

export const isAlive = (pid) => {
  try {
    return process.kill(pid, 0);
  } catch (err) {
    return err.code === 'EPERM';
  }
};

/* Running programs. */

/** A sign of life while a long step runs: one line that counts on a terminal, a line every 5 s elsewhere. */
export const step = async (doing, work) => {
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const terminal = process.stderr.isTTY;
  const line = (text) => process.stderr.write(terminal ? `\r\x1b[K${text}` : `${text}\n`);
  line(`${doing} …`);
  const timer = setInterval(() => line(`${doing} … ${seconds()} s`), terminal ? 1000 : 5000);
  try {
    const result = await work();
    line(`${doing}: done in ${seconds()} s${terminal ? '\n' : ''}`);
    return result;
  } catch (err) {
    if (terminal) process.stderr.write('\n');
    throw err;
  } finally {
    clearInterval(timer);
  }
};

/** Resolves with the exit code; ends the program, and waits for its end, when interrupted. */
export const exitOf = (child, interrupt) =>
  new Promise((resolve, reject) => {
    let patience;
    const stop = () => {
      child.kill('SIGTERM');
      patience = setTimeout(() => child.kill('SIGKILL'), 5000);
    };
    interrupt.addEventListener('abort', stop);
    if (interrupt.aborted) stop();
    const settle = (outcome) => {
      clearTimeout(patience);
      interrupt.removeEventListener('abort', stop);
      outcome();
    };
    child.once('error', (err) => settle(() => reject(err)));
    child.once('exit', (code, signal) =>
      settle(() => resolve(code ?? 128 + constants.signals[signal])),
    );
  });

/** Runs a program quietly: its output goes to a file, whose end is shown when it fails. */
export const runQuietly = async ({ command, args, cwd, env, log, interrupt, failure }) => {
  mkdirSync(path.dirname(log), { recursive: true });
  const output = openSync(log, 'w');
  const shell = process.platform === 'win32';
  const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', output, output] });
  closeSync(output);
  const code = await exitOf(child, interrupt).catch((err) => err.message);
  interrupt.throwIfAborted();
  if (code !== 0) throw new SetupError(`${lastLines(log)}\n\n${failure} (exit code ${code})`);
};

export const answersVersion = (command, args, env) =>
  spawnSync(command, [...args, '--version'], { env, encoding: 'utf8', timeout: 30_000 });

export const pathVariable = (env) =>
  Object.keys(env).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH';

/* One setup at a time in a checkout. */

const holderOf = (lock) => {
  const pid = Number(readText(lock));
  if (pid) return isAlive(pid) ? pid : undefined;
  // Just created and not yet written to, or left by a process that died in between.
  const age = existsSync(lock) ? Date.now() - statSync(lock).mtimeMs : 0;
  return age < 2000 ? -1 : undefined;
};

const takeLock = (lock) => {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (err) {
    if (err.code !== 'EEXIST') throw err;
    return false;
  }
};

export const withLock = async ({ lock, interrupt }, work) => {
  for (let told = false; !takeLock(lock);) {
    interrupt.throwIfAborted();
    const holder = holderOf(lock);
    if (holder === undefined) rmSync(lock, { force: true });
    else if (holder > 0 && !told) {
      say(`Waiting for another setup of this checkout (process ${holder}, ${lock}).`);
      told = true;
    }
    await sleep(100);
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
};
