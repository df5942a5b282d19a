import { readFileSync } from 'node:fs';
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/*
 * Loaded into a gateway before its own program (`--require`): how long its event loop stood still.
 * GET on PROBE_PORT gives the longest stop since the last GET, in milliseconds: as a caller sees it,
 * and what of it the thread was on a core, and not waiting for one that others had (Linux only).
 */

const TICK = 2;

/** Milliseconds the main thread has been on a core. */
const worked = () => {
  try {
    const [nanoseconds] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return NaN;
  }
};

if (isMainThread) {
  let last = { now: performance.now(), worked: worked() };
  let longest = { seen: 0, own: 0 };
  const look = () => {
    const here = { now: performance.now(), worked: worked() };
    longest = {
      seen: Math.max(longest.seen, here.now - last.now - TICK),
      own: Math.max(longest.own, here.worked - last.worked),
    };
    last = here;
  };
  setInterval(look, TICK).unref();
  http
    .createServer((_req, res) => {
      look();
      res.end(JSON.stringify(longest));
      longest = { seen: 0, own: 0 };
    })
    .listen(Number(process.env.PROBE_PORT), '127.0.0.1')
    .unref();
}
