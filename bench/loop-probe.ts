import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/*
 * Loaded into a gateway before its own program (`--require`): how long its event loop stood still.
 * GET on PROBE_PORT gives the longest stop in milliseconds since the last GET.
 */

const TICK = 2;

if (isMainThread) {
  let last = performance.now();
  let longest = 0;
  setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - TICK);
    last = now;
  }, TICK).unref();
  http
    .createServer((_req, res) => {
      // The timer may be due: what has held us until now counts.
      const stop = Math.max(longest, performance.now() - last - TICK);
      longest = 0;
      res.end(String(stop));
    })
    .listen(Number(process.env.PROBE_PORT), '127.0.0.1')
    .unref();
}
