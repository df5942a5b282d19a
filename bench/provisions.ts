import { emptyAirbyte, provision } from './bench';
import type { Bench } from './bench';
import { timed } from './measure';
import type { Programs } from './sides';

/** Of the many at once. */
export const AT_ONCE = 20;

/** What first provisions are sent to. */
export interface Setting {
  bench: Bench;
  programs: Programs;
  /** Names the components. */
  label: string;
}

/** Milliseconds of each of so many first provisions, so many at once. */
export const provisionAll = async (
  { bench, programs: { gatewayUrl }, label }: Setting,
  { count, atOnce }: { count: number; atOnce: number },
) => {
  await emptyAirbyte(bench);
  const latencies: number[] = [];
  const waiting = Array.from({ length: count }, (_, at) => `${label}-${String(at)}`).values();
  const caller = async () => {
    for (const component of waiting) {
      const body = JSON.stringify(bench.requestFor(component));
      latencies.push(await timed(() => provision(bench, { gatewayUrl, body })));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return latencies;
};
