import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { Server } from 'node:net';

/** A port of the stack: what listens on it, and the variable that chooses another. */
export interface Port {
  what: string;
  variable: string;
  port: number;
  /** Chosen by the user: never replaced. */
  chosen: boolean;
  host: string;
}

const tryListen = (port: number, host: string): Promise<Server | undefined> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(undefined);
    });
    server.listen({ port, host, exclusive: true }, () => {
      resolve(server);
    });
  });

const close = (server: Server) =>
  new Promise<void>((resolve) => {
    server.close(() => {
      resolve();
    });
  });

const portOf = (server: Server) => {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
};

/**
 * Below the ports that a system hands out by itself (Linux: from 32768 on), so that no connection and
 * no other listener gets one between our look and the start of the program it is for.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const TRIES = 1000;

const listenSomewhere = async (): Promise<Server> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const server = await tryListen(randomInt(LOWEST, HIGHEST), '127.0.0.1');
    if (server) return server;
  }
  throw new Error(
    `Of ${String(TRIES)} ports between ${String(LOWEST)} and ${String(HIGHEST)} none is free.`,
  );
};

/** Held together before they are released, so that they differ. */
export const findFreePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(Array.from({ length: count }, listenSomewhere));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(close));
  return ports;
};

const isFree = async ({ port, host }: Port): Promise<boolean> => {
  const server = await tryListen(port, host);
  if (server) await close(server);
  return server !== undefined;
};

export const takenPorts = async (ports: Port[]): Promise<Port[]> => {
  const free = await Promise.all(ports.map(isFree));
  return ports.filter((_port, index) => !free[index]);
};

/** Those of all that are to be where this one is. */
export const sharing = ({ port }: Port, all: Port[]) => all.filter((other) => other.port === port);

export const describeShared = (shared: Port[]): string =>
  [
    `Port ${String(shared[0]?.port)} is for ${shared.map(({ what, variable }) => `${what} (${variable})`).join(' and ')}: set one of these variables to another port.`,
    'Nothing was started.',
  ].join('\n');

export const describeTaken = (taken: Port[]): string =>
  [
    ...taken.map(
      ({ what, variable, port }) =>
        `Port ${String(port)} (${what}) is taken by another program: set ${variable} to choose another.`,
    ),
    'Nothing was started.',
  ].join('\n');
