import { mkdirSync } from 'node:fs';
import { isUnpacked, unpack } from './debian';
import { startEngine } from './engine';
import type { Engine } from './engine';
import { build, GO_PROGRAMS, isBuilt } from './go-programs';
import type { GoProgramName } from './go-programs';
import { makeOurs, makeStandIns } from './images';
import { CACHE, findProgram, NotHere } from './place';

/* From an empty cache to an engine with all images. */

/** A step's name, and how many seconds it took. */
export type Report = (what: string, seconds: number) => void;

const NEEDED = ['apt-get', 'dpkg-deb', 'npm', 'tar', 'nice'];

/** Throws NotHere where containers cannot be run whatever is fetched. */
export const checkMachine = () => {
  if (process.platform !== 'linux') throw new NotHere('it takes Linux');
  if (process.getuid?.() !== 0) throw new NotHere('it takes root, for the engine');
  for (const name of NEEDED) findProgram(name);
  if (!GO_PROGRAMS.every(isBuilt)) findProgram('go', ['/usr/local/go/bin']);
};

export const timed = async <Result>(report: Report, what: string, work: () => Promise<Result>) => {
  const since = Date.now();
  process.stderr.write(`${what} …\n`);
  const result = await work();
  report(what, Math.round((Date.now() - since) / 100) / 10);
  return result;
};

/** Builds those that are not in the cache; `signal` ends it where that takes too long. */
export const prepareGo = async (
  names: readonly GoProgramName[],
  report: Report,
  signal?: AbortSignal,
): Promise<void> => {
  mkdirSync(CACHE, { recursive: true });
  for (const name of names.filter((each) => !isBuilt(each)))
    await timed(report, `Building ${name}`, () => build(name, signal));
};

export const prepareEngine = async ({
  report,
  onLaunch,
  signal,
}: {
  report: Report;
  onLaunch: (kill: () => void) => void;
  signal: AbortSignal | undefined;
}): Promise<Engine> => {
  if (!isUnpacked()) await timed(report, 'Debian packages of the engine', unpack);
  const engine = await timed(report, 'Starting the engine', () => startEngine(onLaunch));
  try {
    await timed(report, 'Images that stand in', () => makeStandIns(engine, signal));
    await timed(report, 'Our image', () => makeOurs(engine, signal));
    return engine;
  } catch (err) {
    await engine.stop();
    throw err;
  }
};
