import { readdirSync, readFileSync } from 'node:fs';

/* A program that works through children, as PostgreSQL does. Linux only. */

/** Milliseconds of a tick of the kernel's count. */
const TICK = 10;

/** Of /proc/PID/stat, those behind the name, which may have spaces: the first is the state. */
const statOf = (pid: number): string[] => {
  try {
    return (
      readFileSync(`/proc/${String(pid)}/stat`, 'utf8')
        .split(') ')
        .at(-1)
        ?.split(' ') ?? []
    );
  } catch {
    return [];
  }
};

const childrenOf = (parent: number) =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && Number(statOf(pid)[1]) === parent);

const ticks = (fields: string[], ...which: number[]) =>
  which.reduce((all, field) => all + Number(fields[field] ?? 0), 0);

/** Its own, that of its children, and that of those that have ended. */
const workedBy = (parent: number) =>
  TICK *
  childrenOf(parent)
    .map((child) => ticks(statOf(child), 11, 12))
    .reduce((all, each) => all + each, ticks(statOf(parent), 11, 12, 13, 14));

/** What is shared is counted once. */
const proportionalOf = (pid: number) => {
  try {
    const text = readFileSync(`/proc/${String(pid)}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
};

export const familyOf = (pid: number) => ({
  /** Milliseconds on a core since this was called. */
  work: () => {
    const before = workedBy(pid);
    return () => workedBy(pid) - before;
  },
  /** MiB of all of it. */
  memory: () => [pid, ...childrenOf(pid)].map(proportionalOf).reduce((all, each) => all + each, 0),
});
