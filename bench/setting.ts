import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { ROOT } from '../scripts/child';
import { startStack } from '../scripts/stack';
import { dataConverter } from '../src/temporal/payload-codec';
import { requestsOn } from './bench';
import type { Bench } from './bench';
import type { Setting } from './provisions';
import { withPrograms } from './sides';

/** A Temporal with so many history shards, a simulator, one gateway and one worker, for as long as `use` takes. */
export const withSetting = async (shards: number, use: (setting: Setting) => Promise<void>) => {
  process.env.NUM_HISTORY_SHARDS = String(shards);
  const logDir = path.join(ROOT, '.cache', 'logs', 'sizing');
  const stack = await startStack({ freePorts: 'always', isBare: true, logDir });
  const connection = Connection.lazy({ address: stack.temporalAddress });
  const client = new Client({ connection, dataConverter });
  const checkouts = [{ name: 'ours', root: ROOT }];
  const bench: Bench = { stack, client, checkouts, requestFor: requestsOn(stack) };
  try {
    await withPrograms(bench, { part: 'sizing', worker: true }, async ([programs]) => {
      if (programs) await use({ bench, programs, label: 'sized' });
    });
  } finally {
    await connection.close();
    await stack.stop();
  }
};
