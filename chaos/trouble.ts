import { setTimeout as pause } from 'node:timers/promises';
import type { Airbyte } from './airbyte';
import type { Disturbance, Side } from './disturbances';
import type { Problems } from './problems';
import type { Programs } from './programs';
import type { Secrets } from './secrets';
import type { LakehouseSide } from './lakehouse';
import type { WarehouseSide } from './warehouse';

export type Trouble = ReturnType<typeof createTrouble>;

type Of<What extends Disturbance['what']> = Extract<Disturbance, { what: What }>;

/** What there is to disturb. */
interface Subjects {
  airbyte: Airbyte;
  warehouse: WarehouseSide;
  lakehouse: LakehouseSide;
  programs: Programs;
  secrets: Secrets;
  problems: Problems;
}

/** Makes disturbances happen, counts them, and puts everything in order again. */
export const createTrouble = (subjects: Subjects) => {
  const { airbyte, warehouse, lakehouse, programs, secrets, problems } = subjects;
  const sides: Record<Side, Airbyte | WarehouseSide | LakehouseSide> = {
    airbyte,
    fabric: warehouse,
    lakehouse,
  };
  const enough = new AbortController();
  const underWay: Promise<unknown>[] = [];
  const kills = { worker: 0, gateway: 0, temporal: 0 };
  const faults = { airbyte: 0, fabric: 0, lakehouse: 0 };
  const outages = { airbyte: 0, fabric: 0, lakehouse: 0 };
  let rotations = 0;

  const kill = async ({ victim, which, downFor }: Of<'kill'>) => {
    if (await programs.victim(victim, which)?.kill(downFor)) kills[victim] += 1;
  };

  const waits = (lasts: number) =>
    pause(lasts, undefined, { signal: enough.signal }).catch(() => undefined);

  const change = async ({ where, weather, lasts }: Of<'weather'>) => {
    const { network } = sides[where];
    // Mere flakiness does not interrupt an outage.
    if (network.weather() !== 'fair' && weather === 'flaky') return;
    const start = Date.now();
    network.change(weather);
    await waits(lasts);
    if (network.weather() !== weather) return;
    network.change('fair');
    if (weather !== 'flaky') outages[where] += Date.now() - start;
  };

  const fault = async (given: Of<'fault'>) => {
    await sides[given.where].fault(given.fault);
    faults[given.where] += 1;
  };

  const rotate = (secret: string) => {
    secrets.rotate(secret);
    rotations += 1;
  };

  const lose = async ({ secret, lasts }: Of<'loss'>) => {
    secrets.lose(secret);
    await waits(lasts);
    rotate(secret);
  };

  const changeKey = async ({ where, how, lasts }: Of<'key'>) => {
    if (where === 'lakehouse') await changeSecret({ how, lasts });
    else await changeKeys({ how, lasts });
    rotations += 1;
  };

  const changeSecret = async ({ how, lasts }: Pick<Of<'key'>, 'how' | 'lasts'>) => {
    if (how === 'lost') await lakehouse.loseSecret(waits(lasts));
    else if (how === 'expired') await lakehouse.expireTokens();
    else await lakehouse.rotateSecret();
  };

  const changeKeys = async ({ how, lasts }: Pick<Of<'key'>, 'how' | 'lasts'>) => {
    if (how === 'lost') await warehouse.loseKey(waits(lasts));
    else if (how === 'expired') await warehouse.expireTokens();
    else await warehouse.rotateKey(how === 'at once');
  };

  const happen = async (disturbance: Disturbance) => {
    if (disturbance.what === 'kill') await kill(disturbance);
    else if (disturbance.what === 'weather') await change(disturbance);
    else if (disturbance.what === 'rotation') rotate(disturbance.secret);
    else if (disturbance.what === 'loss') await lose(disturbance);
    else if (disturbance.what === 'key') await changeKey(disturbance);
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
      for (const side of [airbyte, warehouse, lakehouse]) {
        side.network.change('fair');
        await side.clearFaults();
      }
    },
    counts: () => ({
      kills,
      faults,
      outages,
      rotations,
      harms: {
        airbyte: airbyte.network.harms(),
        fabric: warehouse.network.harms(),
        lakehouse: lakehouse.network.harms(),
      },
    }),
  };
};
