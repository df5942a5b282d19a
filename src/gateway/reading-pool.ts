import path from 'node:path';
import { RawValue } from '@temporalio/common';
import { RequestError } from '../contract/problems';
import type { StartOf } from '../runs/pipeline-start';
import type { Reading, Settings, ToRead, Validated } from './body-reading';
import type { Received } from './reception';
import type { ObserveLoad } from '../concurrency/load';
import { createThreads } from '../concurrency/threads';

/** Bytes from which on a body is a large one. */
const LARGE = 64 * 1024;

/**
 * Seconds and megabytes are many times what the largest body was seen to take (docs/benchmarks.md): two
 * seconds on a free machine, and as many times longer as others want the same core.
 */
export const THREADS = {
  file: path.join(__dirname, 'reading-thread.js'),
  atOnce: 2,
  largeAtOnce: 1,
  maxWaiting: 5000,
  deadline: 60_000,
  memory: 512,
};

export type { Validated } from './body-reading';

const JSON_PLAIN = { encoding: Buffer.from('json/plain') };

const orRefused = (reading: Reading) => {
  if (reading.is === 'refused') throw new RequestError(reading.problems, reading);
  if (reading.is === 'broken') throw new Error(`A body could not be read: ${reading.stack}`);
  return reading;
};

/** What was received, and the teams for which its caller may deploy; undefined: all. */
type ToJudge = Received & { deploysFor: string[] | undefined };

export type Readings = ReturnType<typeof createReadings>;

/**
 * Reads the bodies of requests, beside the event loop. Both throw a RequestError with all problems. What
 * was received is lost here.
 */
export const createReadings = (settings: () => Settings, observe?: ObserveLoad) => {
  const threads = createThreads<ToRead, Reading>({ ...THREADS, observe });
  const read = async (asked: ToRead['asked'], { bytes, encoding, interest, deploysFor }: ToJudge) =>
    orRefused(
      await threads.run(
        { asked, body: { bytes, encoding }, settings: settings(), deploysFor },
        {
          // What is compressed may be as large as any.
          isLarge: bytes.length >= LARGE || encoding !== 'identity',
          moved: [bytes.buffer],
          interest,
        },
      ),
    );

  return {
    /** What starts the run that is asked for. Its input is held in the place of the body. */
    async start(
      asked: Exclude<ToRead['asked'], 'validation'>,
      received: ToJudge,
    ): Promise<StartOf> {
      const reading = await read(asked, received);
      if (reading.is !== 'start') throw new Error(`A start was read as ${reading.is}.`);
      const { input, ...start } = reading.start;
      received.hold(input.length);
      return { ...start, args: [RawValue.fromPayload({ metadata: JSON_PLAIN, data: input })] };
    },

    /** Whether a descriptor is valid, as far as it tells alone. */
    async judge(received: ToJudge): Promise<Validated> {
      const reading = await read('validation', received);
      if (reading.is !== 'validation') throw new Error(`A validation was read as ${reading.is}.`);
      return reading;
    },
  };
};
