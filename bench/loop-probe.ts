import { readFileSync } from 'node:fs';
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/*
 * Loaded into a gateway before its own program (`--require`): how long its event loop stood still.
 * GET on PROBE_PORT gives the longest stop since the last GET, in milliseconds: as a caller sees it,
 * and without the time in which the thread waited for a core that others had (Linux; else the same).
 */

const TICK = 2;

/** Milliseconds the main thread has waited for a core. */
const waited = () => {
  try {
    const [, nanoseconds] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return 0;
  }
};

if (isMainThread) {
  let last = { now: performance.now(), waited: waited() };
  let longest = { seen: 0, own: 0 };
  const look = () => {
    const here = { now: performance.now(), waited: waited() };
    const seen = here.now - last.now - TICK;
    longest = {
      seen: Math.max(longest.seen, seen),
      own: Math.max(longest.own, seen - (here.waited - last.waited)),
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
