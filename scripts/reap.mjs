// Ends what a process has launched when that process dies, however it dies:
//   node scripts/reap.mjs LAUNCHER [PARENT]
// Its input names the launched by pid, a line each: `+123` began, `-123` has ended. The input ends
// with the launcher. Where PARENT dies first, the launcher is ended too.
import { createInterface } from 'node:readline';

/** Milliseconds between looks at the parent. */
const LOOK_EVERY = 250;

const [launcher, parent] = process.argv.slice(2).map(Number);
const launched = new Set();

const kill = (pid) => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
};

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

// Each leads a process group, so what it has started in turn is ended with it.
const reap = () => {
  for (const pid of launched) {
    kill(-pid);
    kill(pid);
  }
  process.exit();
};

const watchParent = () => {
  if (isAlive(parent)) return;
  kill(launcher);
  reap();
};

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const pid = Number(line.slice(1));
    if (line.startsWith('+')) launched.add(pid);
    else launched.delete(pid);
  })
  .on('close', reap);
if (parent) setInterval(watchParent, LOOK_EVERY).unref();
