import { parentPort } from 'node:worker_threads';
import { read } from './reading';
import type { ToRead } from './reading';

/* The program of a thread that reads bodies: what holds it holds nobody else. */

// The YAML library looks up LOG_TOKENS at each lexeme, and Node asks the system each time: a tenth of reading.
process.env = {};

parentPort?.on('message', (given: ToRead) => {
  const reading = read(given);
  const moved = reading.is === 'start' ? [reading.start.input.buffer] : [];
  parentPort?.postMessage(reading, moved);
});
