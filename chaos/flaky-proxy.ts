import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from './random';

/**
 * fair: passes everything; flaky: breaks and delays some of it; refusing: resets every connection;
 * silent: takes everything and answers nothing.
 */
export type Weather = 'fair' | 'flaky' | 'refusing' | 'silent';

/** Of the pieces that pass while it is flaky. */
const HARMED = 0.12;
/** Milliseconds. The longest are past the client's patience. */
const DELAY = [50, 1500] as const;

/** A TCP proxy in front of a port of this machine, for the network between worker and Airbyte. */
export const startFlakyProxy = async (target: number, random: Random) => {
  let weather: Weather = 'fair';
  let harms = 0;
  const clients = new Set<Socket>();

  const deliver = (to: Socket, bytes: Buffer) =>
    new Promise<void>((resolve) => {
      if (to.destroyed) resolve();
      else to.write(bytes, () => resolve());
    });

  /** What befalls a piece of a request or an answer; only an answer can be known to have begun. */
  const harm = async (client: Socket, to: Socket, bytes: Buffer) => {
    harms += 1;
    const kinds = ['lost', 'delayed', 'halved', 'last'] as const;
    const kind = to === client ? random.pick(kinds) : random.pick(['lost', 'delayed']);
    if (kind === 'delayed') await pause(random.between(...DELAY));
    if (kind === 'halved') await deliver(to, bytes.subarray(0, Math.ceil(bytes.length / 2)));
    if (kind === 'delayed' || kind === 'last') await deliver(to, bytes);
    if (kind !== 'delayed') client.resetAndDestroy();
  };

  const pass = async (client: Socket, to: Socket, bytes: Buffer) => {
    if (weather === 'silent') return;
    if (weather === 'flaky' && random.chance(HARMED)) await harm(client, to, bytes);
    else await deliver(to, bytes);
  };

  const relay = (client: Socket) => {
    if (weather === 'refusing') {
      client.resetAndDestroy();
      return;
    }
    clients.add(client);
    const upstream = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      // A broken connection is what this is for: its close, which follows, ends the other side.
      from.on('error', () => undefined);
      from.on('data', (bytes) => {
        from.pause();
        void pass(client, to, bytes).then(() => from.resume());
      });
      from.on('end', () => to.end());
      from.on('close', () => to.destroy());
    }
    client.on('close', () => clients.delete(client));
  };

  const server = createServer({ allowHalfOpen: true }, relay).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const breakAll = () => {
    for (const client of clients) client.resetAndDestroy();
  };
  return {
    url: `http://127.0.0.1:${String(typeof address === 'object' ? (address?.port ?? 0) : 0)}`,
    weather: () => weather,
    harms: () => harms,
    /** What was swallowed by a silence never arrives: the connections end with the weather. */
    change: (to: Weather) => {
      weather = to;
      breakAll();
    },
    close: async () => {
      server.close();
      breakAll();
      await once(server, 'close');
    },
  };
};
