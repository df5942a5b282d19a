import { parentPort, workerData } from 'node:worker_threads';
import { createReading } from './reading';
import type { Settings, ToRead } from './reading';

/* The program of a thread that reads bodies: what holds it holds nobody else. */

const settings: Settings = workerData;
const read = createReading(settings);

parentPort?.on('message', (given: ToRead) => {
  const reading = read(given);
  const moved = reading.is === 'start' ? [reading.start.input.buffer] : [];
  parentPort?.postMessage(reading, moved);
});
