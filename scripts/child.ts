import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createReaper } from './reaper';

/** How long a program may take to end by itself. */
const GRACE = 15_000;
const SHOWN_LINES = 15;

const rootAbove = (folder: string): string =>
  existsSync(path.join(folder, 'package.json')) ? folder : rootAbove(path.dirname(folder));

/** The checkout, from its sources as well as from dist/. */
export const ROOT = rootAbove(__dirname);

const reaper = createReaper(path.join(ROOT, 'scripts'));

interface Program {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  logFile: string;
}

/** A program of ours that runs until it is stopped. */
export interface Child {
  name: string;
  pid: number;
  logFile: string;
  /** Resolves at the program's end with what to tell the user: its exit code and its last lines. */
  ended: Promise<string>;
  hasEnded: () => boolean;
  stop: () => Promise<void>;
  kill: () => void;
}

/** Without the stack of a Go program's panic, which is longer than what says why. */
const lastLines = (logFile: string) => {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  const panic = lines.findIndex((line) => line.startsWith('panic: '));
  const told = panic < 0 ? lines : lines.slice(0, panic + 1);
  return told.slice(-SHOWN_LINES).join('\n');
};

const obituary = ({ name, logFile }: Program, how: string) =>
  `${name} ended with ${how}. The last lines of ${logFile}:\n${lastLines(logFile)}`;

const spawnProgram = ({ command, args, env, logFile }: Program) => {
  mkdirSync(path.dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'w');
  // A process group of its own: Ctrl-C reaches only us, and we end the programs in order.
  const child = spawn(command, args, {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  return child;
};

const within = (time: number, event: Promise<unknown>) => {
  const timer = new AbortController();
  const timeout = sleep(time, undefined, { signal: timer.signal }).catch(() => undefined);
  return Promise.race([event, timeout]).finally(() => {
    timer.abort();
  });
};

export const launch = (program: Program): Child => {
  const child = spawnProgram(program);
  const pid = child.pid ?? 0;
  if (pid > 0) reaper.began(pid);
  let over = false;
  const ended = new Promise<string>((resolve) => {
    const end = (how: string) => {
      over = true;
      reaper.ended(pid);
      resolve(obituary(program, how));
    };
    child.once('error', (err) => {
      end(err.message);
    });
    child.once('exit', (code, signal) => {
      end(signal ?? `exit code ${String(code)}`);
    });
  });
  const send = (signal: NodeJS.Signals) => {
    if (!over) child.kill(signal);
  };
  return {
    name: program.name,
    pid,
    logFile: program.logFile,
    ended,
    hasEnded: () => over,
    stop: async () => {
      send('SIGTERM');
      await within(GRACE, ended);
      send('SIGKILL');
      await ended;
    },
    kill: () => {
      send('SIGKILL');
    },
  };
};

/** Waits for the program's own sign that it is ready; ends it when there is none. */
export const untilReady = async (
  child: Child,
  { isReady, timeout }: { isReady: () => Promise<boolean>; timeout: number },
): Promise<void> => {
  const deadline = Date.now() + timeout;
  while (Date.now() < deadline) {
    // Asked before: the answer may come from another program that holds the port.
    const ready = await isReady().catch(() => false);
    if (child.hasEnded()) throw new Error(await child.ended);
    if (ready) return;
    await sleep(50);
  }
  await child.stop();
  const seconds = String(Math.round(timeout / 1000));
  throw new Error(`${child.name} was not ready after ${seconds} s, so: ${await child.ended}`);
};
