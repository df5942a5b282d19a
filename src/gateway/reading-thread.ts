import { parentPort } from 'node:worker_threads';
import { read } from './body-reading';
import type { ToRead } from './body-reading';

/* The program of a thread that reads bodies: what holds it holds nobody else. */

// The YAML library looks for LOG_TOKENS at each lexeme, which Node looks up anew each time: a tenth of reading.
// eslint-disable-next-line no-restricted-syntax -- it is emptied, not read
process.env = {};

parentPort?.on('message', (given: ToRead) => {
  const reading = read(given);
  const moved = reading.is === 'start' ? [reading.start.input.buffer] : [];
  parentPort?.postMessage(reading, moved);
});
