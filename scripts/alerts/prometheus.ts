import { existsSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../child';
import { unpackPackages } from '../containers/debian';

/* Prometheus and its promtool, of Debian's package: unpacked into the cache, installed nowhere. */

const UNPACKED = path.join(ROOT, '.cache', 'prometheus');

/** `prometheus` or `promtool`; undefined: it has not been fetched. */
export const prometheusProgram = (name: 'prometheus' | 'promtool'): string | undefined => {
  const file = path.join(UNPACKED, 'usr', 'bin', name);
  return existsSync(file) ? file : undefined;
};

export const fetchPrometheus = async (): Promise<void> => {
  if (!existsSync(UNPACKED)) await unpackPackages(['prometheus'], { target: UNPACKED });
};
