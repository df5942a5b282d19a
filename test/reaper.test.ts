import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { eventually } from './support/harness';

const folder = mkdtempSync(path.join(os.tmpdir(), 'provisioner-reaper-'));
const started: ChildProcess[] = [];

afterAll(() => {
  for (const child of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Launches two programs, one of which has a child of its own; says the pids of all. */
const LAUNCHER = `
const { launch } = require(${JSON.stringify(path.join(ROOT, 'dist', 'scripts', 'child.js'))});
const lasting = 'setInterval(() => 0, 1000);';
const parent = "const { pid } = require('node:child_process').spawn('sleep', ['600']); console.log(pid);";
const one = (name, code) =>
  launch({ name, command: process.execPath, args: ['-e', code + lasting], env: process.env,
    logFile: ${JSON.stringify(folder)} + '/' + name + '-' + process.pid + '.log' });
const both = [one('plain', ''), one('parent', parent)];
const grandchild = () => Number(require('node:fs').readFileSync(both[1].logFile, 'utf8')) || 0;
const told = setInterval(() => {
  if (!grandchild()) return;
  clearInterval(told);
  console.log(JSON.stringify([process.pid, ...both.map(({ pid }) => pid), grandchild()]));
}, 20);
setInterval(() => 0, 1000);
`;

/** The launcher as the child of another, as of npm. */
const WRAPPER = `
const { spawn } = require('node:child_process');
const child = spawn(process.execPath, ['-e', ${JSON.stringify(LAUNCHER)}], { stdio: 'inherit', env: process.env });

setInterval(() => 0, 1000);
`;

const begin = async (code: string, env: Record<string, string> = {}) => {
  const child = spawn(process.execPath, ['-e', code], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  for await (const line of createInterface({ input: child.stdout }))
    return { child, pids: z.array(z.number()).parse(JSON.parse(line)) };
  throw new Error('The launcher said nothing.');
};

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

const goneOf = (pids: number[]) => eventually(() => !pids.some(isAlive) || undefined, 'their end');

test('what a process has launched ends with it when it is killed, and what that has started', async () => {
  const { child, pids } = await begin(LAUNCHER);
  expect(pids.map(isAlive)).toEqual([true, true, true, true]);
  child.kill('SIGKILL');
  await goneOf(pids);
});

test('it ends when npm is killed, whose scripts do not hear of it', async () => {
  const { child, pids } = await begin(WRAPPER, { npm_lifecycle_event: 'test' });
  child.kill('SIGKILL');
  await goneOf(pids);
});

test('a process that is left by its shell goes on', async () => {
  const { child, pids } = await begin(WRAPPER);
  child.kill('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(pids.map(isAlive)).toEqual([true, true, true, true]);
  const [launcher = 0] = pids;
  process.kill(launcher, 'SIGKILL');
  await goneOf(pids);
});
