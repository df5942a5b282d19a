import { readFileSync, writeFileSync } from 'node:fs';

/* What processes take of the machine. Linux only: elsewhere it is NaN. */

/** By what is told of each. */
export type Pids = Record<string, number>;

/** Milliseconds of a tick of the kernel's count. */
const TICK = 10;

const textOf = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** Milliseconds that a process has been on a core. */
const workedBy = (pid: number) => {
  // The name in brackets may have spaces; two fields after it are the time of the user and of the system.
  const fields =
    textOf(`/proc/${String(pid)}/stat`)
      .split(') ')
      .at(-1)
      ?.split(' ') ?? [];
  return (Number(fields[11] ?? NaN) + Number(fields[12] ?? NaN)) * TICK;
};

/** Milliseconds on a core since this was called, by process. */
export const workOf = (pids: Pids) => {
  const all = Object.entries(pids).map(([name, pid]) => ({ name, pid, before: workedBy(pid) }));
  return (): Record<string, number> =>
    Object.fromEntries(all.map(({ name, pid, before }) => [name, workedBy(pid) - before]));
};

const mebibytes = (field: string) => {
  const line = new RegExp(`${field}:\\s+(\\d+) kB`);
  return (pid = 0) => Number(line.exec(textOf(`/proc/${String(pid)}/status`))?.[1] ?? NaN) / 1024;
};

/** MiB that a process has in memory. */
export const residentOf = mebibytes('VmRSS');

/** MiB that it has had at most since it began, or since that was forgotten. */
export const peakOf = mebibytes('VmHWM');

export const forgetPeak = (pid = 0) => {
  try {
    writeFileSync(`/proc/${String(pid)}/clear_refs`, '5');
  } catch {
    // Then the peak is of all its life.
  }
};
