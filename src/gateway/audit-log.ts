import { closeSync, constants, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import type { Logger } from 'pino';
import { codeOf } from '../../workflows/protocol/causes';

/* Where the audit is written: each line whole, before its request is answered. */

const STDOUT = 1;
/** A pipe that nobody reads must not stop the gateway at its start. */
const APPENDING =
  constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;
const MODE = 0o640;

/** Milliseconds that a full pipe is waited for at most, and between attempts; nothing else is done meanwhile. */
const MOST_WAITED = 1000;
const TRY_AGAIN = 10;

const sleep = (milliseconds: number) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
};

/** How many bytes were taken: a pipe that is full may get some time. Throws what the system says, if none were. */
const writeSome = (file: number, bytes: Uint8Array, patience: number): number => {
  const until = Date.now() + patience;
  for (;;)
    try {
      return writeSync(file, bytes);
    } catch (err) {
      if (codeOf(err) !== 'EAGAIN' || Date.now() >= until) throw err;
      sleep(TRY_AGAIN);
    }
};

/** Whether a file ends in the middle of a line, as far as it may be read: its writer may have been ended there. */
const endsInLine = (log: string): boolean => {
  try {
    const size = statSync(log).isFile() ? statSync(log).size : 0;
    if (size === 0) return false;
    const file = openSync(log, 'r');
    const last = Buffer.alloc(1);
    readSync(file, last, { position: size - 1 });
    closeSync(file);
    return last.toString() !== '\n';
  } catch {
    return false;
  }
};

/** An open file; `stdout` has been open from the beginning. */
const openLog = (log: string) => {
  let file = log === 'stdout' ? STDOUT : openSync(log, APPENDING, MODE);
  /** Whether the last line broke off, as on a disk that is full: the next one begins on its own. */
  let isTorn = file !== STDOUT && endsInLine(log);
  /** Whoever rotates logs renames the file, and expects another one in its place. */
  const isMoved = () => {
    const { dev, ino } = fstatSync(file);
    const there = statSync(log, { throwIfNoEntry: false });
    return there?.dev !== dev || there.ino !== ino;
  };
  const close = () => {
    if (file !== STDOUT) closeSync(file);
  };
  return {
    log,
    close,
    write: (line: string, patience: number) => {
      if (file !== STDOUT && isMoved()) {
        const next = openSync(log, APPENDING, MODE);
        close();
        file = next;
        isTorn = endsInLine(log);
      }
      let rest = Buffer.from(isTorn ? `\n${line}\n` : `${line}\n`);
      while (rest.length > 0) {
        rest = rest.subarray(writeSome(file, rest, patience));
        isTorn = rest.length > 0;
      }
    },
  };
};

export type AuditLog = ReturnType<typeof createAuditLog>;

/** In ASCII, so that no reader takes a character of a name for the end of a line, or turns the line around. */
export const lineOf = (entry: unknown): string =>
  JSON.stringify(entry).replaceAll(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const codeText = (err: unknown) => codeOf(err) ?? 'unknown error';

/**
 * Writes lines to `stdout`, or at the end of a file; undefined: nothing is written. Throws what the system
 * says where the file cannot be opened.
 */
export const createAuditLog = (first: string | undefined, log: Logger) => {
  let open = first === undefined ? undefined : openLog(first);
  /** Why nothing can be written; undefined: it can, as far as is known. */
  let failure: string | undefined;
  let refusedPlace: string | undefined;
  /** Requests that were not written down since then. */
  let lost = 0;

  const attempt = (line: object): boolean => {
    if (!open) return true;
    try {
      // Who waits once for a pipe that nobody empties need not wait for it each time.
      open.write(lineOf({ audit: true, ...line }), failure === undefined ? MOST_WAITED : 0);
      return true;
    } catch (err) {
      if (failure === undefined) log.error({ err, file: open.log }, 'the audit cannot be written');
      failure = `${open.log} cannot be written (${codeText(err)})`;
      return false;
    }
  };

  /** Whether it can be written again: what was lost is the first line then. */
  const isWritable = (): boolean => {
    if (failure === undefined) return true;
    if (!attempt({ time: new Date().toISOString(), event: 'resumed', unwritten: lost }))
      return false;
    log.info({ unwritten: lost }, 'the audit can be written again');
    failure = undefined;
    lost = 0;
    return true;
  };

  return {
    isOn: () => open !== undefined,
    isWritable,
    /** Whether the line is where it belongs. */
    write: (line: object): boolean => {
      if (isWritable() && attempt(line)) return true;
      lost += 1;
      return false;
    },
    /** From now on to another place; where that cannot be opened the former one stays, and `warning` tells so. */
    moveTo: (place: string | undefined) => {
      refusedPlace = undefined;
      if (place === open?.log) return;
      if (place === undefined) {
        refusedPlace =
          'The audit still goes where it went: that nothing is written down any more takes a restart.';
        log.warn(
          { file: open?.log },
          'the configuration file names no audit any more, which takes a restart',
        );
        return;
      }
      try {
        const next = openLog(place);
        open?.close();
        open = next;
        failure = undefined;
        log.info({ file: place }, 'the audit goes elsewhere from now on');
      } catch (err) {
        refusedPlace =
          'The audit still goes where it went: audit.log cannot be opened. The log of this program says why.';
        log.error({ err, file: place }, 'the audit cannot go where the configuration file says');
      }
    },
    /** Why requests are refused. */
    problem: () => (isWritable() ? undefined : `the audit's ${failure ?? ''}`),
    warning: () => refusedPlace,
  };
};
