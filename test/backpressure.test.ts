import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { descriptor, request } from './fixtures';
import { eventually, startHarness } from './harness';
import type { Harness } from './harness';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({
    env: { AIRBYTE_MAX_IN_FLIGHT: '2', AIRBYTE_GIVE_UP_AFTER: '10m' },
  });
});
afterAll(() => harness.stop());

const rss = (pid: number) =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) / 1024;

const MaxInFlight = z.object({ maxInFlight: z.number() });

test('a thousand at once', async () => {
  const t0 = performance.now();
  const at = () => ((performance.now() - t0) / 1000).toFixed(1);
  const [, workerUrl = ''] =
    /"url":"([^"]+)","msg":"worker probes listen"/.exec(harness.logs()) ?? [];
  const gw = harness.gateway().pid;
  const wk = harness.worker()?.pid ?? 0;
  const probes: string[] = [];
  const peak = { gw: 0, wk: 0 };
  console.log('before', rss(gw), rss(wk));
  let over = false;
  const probe = async (name: string, url: string) => {
    while (!over) {
      const began = performance.now();
      const { status } = await fetch(url);
      const took = performance.now() - began;
      if (status !== 200 || took > 500) probes.push(`${at()} ${name} ${String(status)} ${took.toFixed(0)}`);
      peak.gw = Math.max(peak.gw, rss(gw));
      peak.wk = Math.max(peak.wk, rss(wk));
      await new Promise((r) => setTimeout(r, 100));
    }
  };
  const probing = [
    probe('gw', `${harness.gateway().found}/readyz`),
    probe('live', `${harness.gateway().found}/livez`),
    probe('wk', `${workerUrl}/readyz`),
  ];
  const bodies = Array.from({ length: 1000 }, (_, i) =>
    request(descriptor({ environment: harness.environment, component: `c${String(i)}` })),
  );
  console.log('bodies', at());
  const answers = await Promise.all(bodies.map((body) => harness.post('/v1/provision', body)));
  console.log('answered', at(), 'peaks', peak);
  const by = new Map<number, number>();
  for (const { status } of answers) by.set(status, (by.get(status) ?? 0) + 1);
  console.log(answers.find(({status})=>status===500)?.text, [...by], new Set(answers.map(({ text }) => text)).size);
  for (const n of [100, 200, 300, 500, 1000]) {
    await eventually(async () => (await harness.entities()).connections.length >= n || undefined, 'x');
    console.log(n, at(), peak, MaxInFlight.parse(await harness.control('GET', '/requests')));
    if (n >= Number(process.env.UNTIL ?? 200)) break;
  }
  over = true;
  await Promise.all(probing);
  console.log(probes.join('\n'), 'after', rss(gw), rss(wk));
}, 600_000);
