import { setTimeout as pause } from 'node:timers/promises';
import type { Airbyte } from './airbyte';
import type { Disturbance } from './disturbances';
import type { Problems } from './problems';
import type { Programs } from './programs';
import type { Secrets } from './secrets';

export type Trouble = ReturnType<typeof createTrouble>;

type Of<What extends Disturbance['what']> = Extract<Disturbance, { what: What }>;

/** What there is to disturb. */
interface Subjects {
  airbyte: Airbyte;
  programs: Programs;
  secrets: Secrets;
  problems: Problems;
}

/** Makes disturbances happen, counts them, and puts everything in order again. */
export const createTrouble = ({ airbyte, programs, secrets, problems }: Subjects) => {
  const { network } = airbyte;
  const enough = new AbortController();
  const underWay: Promise<unknown>[] = [];
  const kills = { worker: 0, gateway: 0, temporal: 0 };
  let faults = 0;
  let outage = 0;
  let rotations = 0;

  const kill = async ({ victim, which, downFor }: Of<'kill'>) => {
    if (await programs.victim(victim, which)?.kill(downFor)) kills[victim] += 1;
  };

  const change = async ({ weather, lasts }: Of<'weather'>) => {
    // Mere flakiness does not interrupt an outage.
    if (network.weather() !== 'fair' && weather === 'flaky') return;
    const start = Date.now();
    network.change(weather);
    await pause(lasts, undefined, { signal: enough.signal }).catch(() => undefined);
    if (network.weather() !== weather) return;
    network.change('fair');
    if (weather !== 'flaky') outage += Date.now() - start;
  };

  const fault = async (given: Of<'fault'>) => {
    await airbyte.fault(given.fault);
    faults += 1;
  };

  const rotate = (secret: string) => {
    secrets.rotate(secret);
    rotations += 1;
  };

  const lose = async ({ secret, lasts }: Of<'loss'>) => {
    secrets.lose(secret);
    await pause(lasts, undefined, { signal: enough.signal }).catch(() => undefined);
    rotate(secret);
  };

  const happen = async (disturbance: Disturbance) => {
    if (disturbance.what === 'kill') await kill(disturbance);
    else if (disturbance.what === 'weather') await change(disturbance);
    else if (disturbance.what === 'rotation') rotate(disturbance.secret);
    else if (disturbance.what === 'loss') await lose(disturbance);
    else await fault(disturbance);
  };

  const begin = async (disturbances: Disturbance[]) => {
    const start = Date.now();
    for (const disturbance of disturbances) {
      const wait = Math.max(0, start + disturbance.at - Date.now());
      await pause(wait, undefined, { signal: enough.signal });
      underWay.push(happen(disturbance).catch((err: unknown) => problems.add([String(err)])));
    }
  };

  return {
    /** Lets each disturbance happen at its moment, without waiting for any. */
    begin: (disturbances: Disturbance[]) => {
      underWay.push(begin(disturbances).catch(() => undefined));
    },
    /** No more of it; resolves when what was down is up again. */
    heal: async () => {
      enough.abort();
      await Promise.all(underWay);
      network.change('fair');
      await airbyte.clearFaults();
    },
    counts: () => ({ kills, faults, outage, rotations, harms: network.harms() }),
  };
};
