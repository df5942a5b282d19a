import { cpSync, existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { ROOT } from '../scripts/child';
import { emptyAirbyte, provision } from './bench';
import type { Bench, Checkout } from './bench';
import { compete } from './measure';
import { sidesOf, withPrograms } from './sides';
import type { Programs } from './sides';
import { printResults } from './table';

/** The workflows of a checkout as they are, but for the module that takes the lease. */
const bundleWithoutLease = async (root: string) => {
  const workflows = path.join(root, 'dist', 'workflows');
  const files = ['run/lease.js', 'lease.js'].map((file) => path.join(workflows, file));
  const replaced = Object.fromEntries(
    files.filter((file) => existsSync(file)).map((file) => [file, require.resolve('./no-lease')]),
  );
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(workflows, 'index.js'),
    logger: new DefaultLogger('ERROR'),
    webpackConfigHook: (config) => {
      const alias = config.resolve?.alias;
      const aliases = { ...(Array.isArray(alias) ? {} : alias), ...replaced };
      return { ...config, resolve: { ...config.resolve, alias: aliases } };
    },
  });
  return code;
};

/** The same programs in a folder of their own, with another bundle. */
const withoutLease = async ({ name, root }: Checkout): Promise<Checkout> => {
  const copy = path.join(ROOT, '.cache', 'bench', `${name}-without-lease`);
  const from = path.join(root, 'dist');
  rmSync(copy, { recursive: true, force: true });
  for (const part of ['src', 'activities', 'workflows'])
    cpSync(path.join(from, part), path.join(copy, 'dist', part), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
  const bundle = path.join(copy, 'dist', 'workflow-bundle.js');
  writeFileSync(bundle, await bundleWithoutLease(root));
  return { name: `${name} floor`, root: copy };
};

/** The time of its run, by Temporal's clock: what it takes until the run starts is no matter of leases. */
const runOn = (bench: Bench, { gatewayUrl }: Programs) => ({
  prepare: (id: string) => {
    const body = JSON.stringify(bench.requestFor(`lease-${id}`));
    return async () => {
      const token = await provision(bench, { gatewayUrl, body });
      const { startTime, closeTime } = await bench.client.workflow.getHandle(token).describe();
      return Number(closeTime) - Number(startTime);
    };
  },
});

/** A first provision with the lease that keeps other writers away, against the same without it. */
export const benchLease = async (bench: Bench) => {
  const checkouts: Checkout[] = [];
  for (const checkout of bench.checkouts) checkouts.push(await withoutLease(checkout), checkout);
  return withPrograms(bench, { part: 'lease', worker: true, checkouts }, async (programs) => {
    const sides = sidesOf(programs, (each) => runOn(bench, each));
    const before = () => emptyAirbyte(bench);
    return printResults('f. A provision with its lease; floor: the same without the lease', [
      await compete({ concurrency: 1, rounds: 7, count: 12, sides, before }),
      await compete({ concurrency: 10, rounds: 7, count: 40, sides, before }),
    ]);
  });
};
