import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import path from 'node:path';

const PROGRAM = 'reap.mjs';

/** Of npm, which may be killed without its scripts hearing of it; else a shell, which may just end. */
const parentToWatch = () => (process.env.npm_lifecycle_event ? [String(process.ppid)] : []);

/**
 * Sees to it that nothing launched outlives this process, even one that is killed: a process of its own
 * that runs while anything launched does.
 */
export const createReaper = (scripts: string) => {
  const launched = new Set<number>();
  let reaper: ChildProcess | undefined;

  const start = () => {
    const args = [path.join(scripts, PROGRAM), String(process.pid), ...parentToWatch()];
    const child = spawn(process.execPath, args, {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    // Without it things run as they did: there is nobody to tell.
    child.once('error', () => undefined);
    child.stdin.once('error', () => undefined);
    child.unref();
    return child;
  };

  const send = (line: string) => reaper?.stdin?.write(`${line}\n`);

  return {
    began: (pid: number) => {
      launched.add(pid);
      reaper ??= start();
      send(`+${String(pid)}`);
    },
    ended: (pid: number) => {
      launched.delete(pid);
      send(`-${String(pid)}`);
      if (launched.size > 0) return;
      reaper?.stdin?.end();
      reaper = undefined;
    },
  };
};
