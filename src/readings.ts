import path from 'node:path';
import { RawValue } from '@temporalio/common';
import { RequestError } from './errors';
import type { StartOf } from './parts';
import type { Reading, Settings, ToRead, Verdict } from './reading';
import { createThreads } from './threads';

/** Bytes from which on a body is a large one. */
const LARGE = 64 * 1024;

/** Seconds and megabytes are many times what the largest body was seen to take (docs/benchmarks.md). */
export const THREADS = {
  file: path.join(__dirname, 'reading-thread.js'),
  atOnce: 2,
  largeAtOnce: 1,
  maxWaiting: 5000,
  patience: 120_000,
  deadline: 30_000,
  memory: 512,
};

export type { Verdict } from './reading';

const JSON_PLAIN = { encoding: Buffer.from('json/plain') };

const orRefused = (reading: Reading) => {
  if (reading.is === 'refused') throw new RequestError(reading.problems, reading);
  if (reading.is === 'broken') throw new Error(`A body could not be read: ${reading.stack}`);
  return reading;
};

type Body = ToRead['body'];

export type Readings = ReturnType<typeof createReadings>;

/** Reads the bodies of requests, beside the event loop. Both throw a RequestError with all problems. */
export const createReadings = (settings: Settings) => {
  const threads = createThreads<ToRead, Reading>(THREADS);
  const read = async (given: Omit<ToRead, 'settings'>) =>
    orRefused(
      await threads.run(
        { ...given, settings },
        {
          isLarge: given.body.length >= LARGE,
          moved: [given.body.buffer],
        },
      ),
    );

  return {
    /** What starts the run that is asked for. */
    async start(asked: Exclude<ToRead['asked'], 'verdict'>, body: Body): Promise<StartOf> {
      const reading = await read({ asked, body });
      if (reading.is !== 'start') throw new Error(`A start was read as ${reading.is}.`);
      const { input, ...start } = reading.start;
      return { ...start, args: [RawValue.fromPayload({ metadata: JSON_PLAIN, data: input })] };
    },

    /** Whether a descriptor is valid, as far as it tells alone. */
    async judge(body: Body): Promise<Verdict> {
      const reading = await read({ asked: 'verdict', body });
      if (reading.is !== 'verdict') throw new Error(`A verdict was read as ${reading.is}.`);
      return reading;
    },
  };
};
