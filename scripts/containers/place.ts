import { spawn } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../child';

/* Where the stand-ins are made, and how programs are run for it. */

export const CACHE = path.join(ROOT, '.cache', 'containers');
const LOGS = path.join(CACHE, 'logs');
const SHOWN_LINES = 15;

/** A fact of this machine that keeps containers from being run: nothing is wrong with the project. */
export class NotHere extends Error {
  override name = 'NotHere';
}

const isExecutable = (file: string) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** A program of this machine; `elsewhere` are folders that a PATH often lacks. */
export const findProgram = (name: string, elsewhere: string[] = []): string => {
  const folders = [...(process.env.PATH ?? '').split(path.delimiter).filter(Boolean), ...elsewhere];
  const found = folders.map((folder) => path.join(folder, name)).find(isExecutable);
  if (found) return found;
  throw new NotHere(`there is no ${name} on this machine`);
};

const lastLines = (text: string) => text.trimEnd().split('\n').slice(-SHOWN_LINES).join('\n');

interface Command {
  command: string;
  args: string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** What to write to its input. */
  input?: string;
  signal?: AbortSignal | undefined;
}

const ended = (child: ReturnType<typeof spawn>) =>
  new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      resolve(signal ? 128 : (code ?? 1));
    });
  });

/** Runs a program to its end; its output goes to a file of this name, the end of which is in the error. */
export const runLogged = async (name: string, { command, args, ...options }: Command) => {
  mkdirSync(LOGS, { recursive: true });
  const file = path.join(LOGS, `${name}.log`);
  const log = openSync(file, 'w');
  const child = spawn(command, args, { ...options, stdio: ['ignore', log, log] });
  closeSync(log);
  const code = await ended(child).catch((err: unknown) => {
    if (options.signal?.aborted) throw options.signal.reason;
    throw err;
  });
  if (code === 0) return;
  const output = lastLines(readFileSync(file, 'utf8'));
  throw new Error(`${name} ended with exit code ${String(code)} (${file}):\n${output}`);
};

export interface Output {
  code: number;
  stdout: string;
  /** Standard output and standard error, as they came. */
  all: string;
}

/** Runs a program to its end, however it ends. */
export const outputOf = async ({ command, args, input, ...options }: Command): Promise<Output> => {
  const child = spawn(command, args, { ...options, stdio: 'pipe' });
  let stdout = '';
  let all = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    all += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    all += chunk.toString();
  });
  child.stdin.end(input);
  const code = await ended(child);
  return { code, stdout, all };
};

/** What a program says on its standard output; throws with all it said when it fails. */
export const read = async (command: Command): Promise<string> => {
  const { code, stdout, all } = await outputOf(command);
  if (code === 0) return stdout;
  const what = [path.basename(command.command), ...command.args.slice(0, 2)].join(' ');
  throw new Error(`${what} … ended with exit code ${String(code)}:\n${lastLines(all)}`);
};
