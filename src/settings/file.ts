import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { Logger } from 'pino';
import { codeOf } from '../../workflows/protocol/causes';
import { RequestError, describeProblem } from '../contract/problems';
import { readSettings } from './read';
import type { Settings } from './settings';

/** Bytes of a configuration file, some thousand lines: it is read between two requests. */
const MAX_FILE = 256 * 1024;
/** Milliseconds between looks at the file: mounted ones are swapped, of which no event tells reliably. */
const LOOK_EVERY = 2000;
/** Problems of a file that the log has. */
const MAX_LOGGED = 20;

const unreadable = (message: string) =>
  new RequestError([{ path: 'file', message }], {
    solutions: ['Give the path of a file that can be read.'],
  });

const textOf = (file: string): string => {
  try {
    const { size } = statSync(file);
    if (size > MAX_FILE) throw unreadable(`is over ${String(MAX_FILE / 1024)} KiB`);
    return readFileSync(file, 'utf8');
  } catch (err) {
    throw err instanceof RequestError
      ? err
      : unreadable(`cannot be read (${codeOf(err) ?? 'unknown error'})`);
  }
};

const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');

const contentOf = (file: string): string | RequestError => {
  try {
    return textOf(file);
  } catch (err) {
    if (err instanceof RequestError) return err;
    throw err;
  }
};

/** Throws a RequestError for a file that cannot be read, or is no configuration. */
export const readSettingsFile = (file: string): Settings => readSettings(textOf(file));

/** What becomes of a new content: it holds from now on, or the former one does. */
export type ReloadOutcome = 'taken' | 'refused';

interface SettingsFileDeps {
  file: string;
  log: Logger;
  /** Hears of each new content of the file: taken, or kept out. */
  observe?: ((outcome: ReloadOutcome) => void) | undefined;
  /** Rules that the program adds, of what holds at first or after `former`; throws a RequestError. */
  judge?: ((settings: Settings, former?: Settings) => void) | undefined;
  lookEvery?: number;
}

export type SettingsFile = ReturnType<typeof openSettings>;

/**
 * The settings as the file has them now, looked at every two seconds; what is new is taken when two looks
 * have found the same. A new content that is wrong changes
 * nothing: what was right before stands, and `problem` tells so until the file is mended. Throws a
 * RequestError where the file is wrong from the beginning.
 */
export const openSettings = ({
  file,
  log,
  observe,
  judge,
  lookEvery = LOOK_EVERY,
}: SettingsFileDeps) => {
  const readJudged = (text: string, former?: Settings): Settings => {
    const settings = readSettings(text);
    judge?.(settings, former);
    return settings;
  };
  const first = textOf(file);
  let current = readJudged(first);
  /** What the last look found: the digest of a content, or what kept it from one. */
  let seen = digestOf(first);
  let problem: string | undefined;
  /** What the last look found that was new: it may be half of what is being written, and must be there twice. */
  let fresh: string | undefined;
  const listeners = new Set<(settings: Settings) => void>();

  const take = (settings: Settings) => {
    current = settings;
    problem = undefined;
    log.info({ file }, 'the configuration file has changed, and is taken');
    observe?.('taken');
    for (const listener of listeners) listener(settings);
  };

  const keepOut = ({ problems: all }: RequestError) => {
    const problems = all.slice(0, MAX_LOGGED).map(describeProblem);
    problem =
      'The configuration file is wrong since it changed; what it said before still holds. The log of this program says what is wrong.';
    log.error({ file, problems, count: all.length }, 'the configuration file is not taken');
    observe?.('refused');
  };

  const look = () => {
    const found = contentOf(file);
    const mark = typeof found === 'string' ? digestOf(found) : found.message;
    const isThere = mark === fresh;
    fresh = mark;
    if (mark === seen || !isThere) return;
    seen = mark;
    try {
      if (typeof found !== 'string') throw found;
      take(readJudged(found, current));
    } catch (err) {
      if (!(err instanceof RequestError)) throw err;
      keepOut(err);
    }
  };

  const timer = setInterval(look, lookEvery);
  timer.unref();
  return {
    current: () => current,
    /** Why what holds is not what the file says. */
    problem: () => problem,
    /** Hears of each change that is taken. */
    onChange: (listener: (settings: Settings) => void) => {
      listeners.add(listener);
    },
    close: () => {
      clearInterval(timer);
    },
  };
};
