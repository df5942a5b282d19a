import { parse } from 'yaml';
import { z } from 'zod';
import type { ProvisioningStatus } from '../../../src/contract/coordinator';
import { eventually } from '../harness';
import { startFabricWorld } from '../fabric-world';
import type { FabricChanges } from '../fabric-world';
import { startLakehouse } from '../lakehouse';

/* Of runs of two components whose data is in fabrics: in Snowflake, and in Databricks, where it moves to another. */

const [JANE, JOHN, MARY] = ['jane.doe', 'john.roe', 'mary.major'];
const PEOPLE = [JANE, JOHN, MARY];
const lakehouse = { users: PEOPLE.map((name) => `${name}@example.com`) };

export const startFabrics = async () => {
  const [world, far] = await Promise.all([
    startFabricWorld({
      snowflake: { people: PEOPLE.map((name) => `${name.toUpperCase()}@EXAMPLE.COM`) },
      lakehouse,
    }),
    startLakehouse(lakehouse),
  ]);
  const { fabrics } = world.settings;
  await world.rewrite({
    ...world.settings,
    fabrics: { ...fabrics, 'far-lakehouse': far.fabric },
  });
  const stop = () => Promise.all([world.stop(), far.close()]);
  return { ...world, far, stop };
};

type World = Awaited<ReturnType<typeof startFabrics>>;

const stays: FabricChanges = { component: 'recorded' };
const before: FabricChanges = { component: 'moved', fabric: 'far-lakehouse' };
const now: FabricChanges = { component: 'moved', fabric: 'lakehouse' };
const WITH_DATA = { removeData: true };

const Product = z.looseObject({ componentIdToProvision: z.string() });

/** The last provision that was completed. */
let last: ProvisioningStatus;

/** What Witboost sends along of it. */
const afterLast = (world: World, changes: FabricChanges) => {
  const { componentIdToProvision: id } = Product.parse(parse(world.textOf(changes)));
  return { latestEnrichedDescriptor: JSON.stringify({ components: [{ id, info: last.info }] }) };
};

const completed = (ended: ProvisioningStatus) => {
  if (ended.status !== 'COMPLETED') throw new Error(ended.result);
  return ended;
};

const provision = async (world: World, changes: FabricChanges, more?: object) => {
  const token = await world.start('provision', changes, more);
  last = completed(await world.finished(token));
  return token;
};

const updateacl = async (world: World, names: string[], changes: FabricChanges) => {
  const refs = names.map((name) => `user:${name}_example.com`);
  const { status, text } = await world.startAccess(refs, changes, JSON.stringify(last));
  if (status !== 202) throw new Error(text);
  return text;
};

/** Snowflake refuses the next of these: its manager lacks a privilege. */
const refuse = (world: World, operation: string) => world.fault({ operation, code: '003001' });

/** Each leaves behind what the next begins with, and gives the token of the run to record. */
export const RECORDINGS: Record<string, (world: World) => Promise<string>> = {
  'fabric-provision-taken-away': async (world) => {
    await world.airbyteFault({ operation: 'createConnection', status: 400 });
    return world.start('provision', stays);
  },
  'fabric-provision-completed': (world) => provision(world, stays),
  'fabric-updateacl-granted': (world) => updateacl(world, [JANE, JOHN], stays),
  'fabric-updateacl-put-back': async (world) => {
    await refuse(world, 'revokeRole');
    return updateacl(world, [JANE, MARY], stays);
  },
  'fabric-unprovision-given-back': async (world) => {
    await refuse(world, 'dropRole');
    return world.start('unprovision', { ...stays, ...WITH_DATA }, afterLast(world, stays));
  },
  'fabric-unprovision-completed': (world) =>
    world.start('unprovision', { ...stays, ...WITH_DATA }, afterLast(world, stays)),
  'fabric-provision-moved': async (world) => {
    await provision(world, before);
    completed(await world.finished(await updateacl(world, [JANE, JOHN], before)));
    return provision(world, now, afterLast(world, now));
  },
  'fabric-updateacl-former-given-back': async (world) => {
    await world.far.control('/faults', { operation: 'updateGrants', hang: 'after' });
    const token = await updateacl(world, [JANE, MARY], now);
    await eventually(async () => {
      const { schemas } = await world.far.state();
      const { grants } = schemas.find(({ name }) => name === 'moved') ?? {};
      return grants && !(`${JOHN}@example.com` in grants) ? true : undefined;
    }, 'the revocation');
    await world.client.workflow.getHandle(token).cancel();
    return token;
  },
  'fabric-updateacl-former-revoked': (world) => updateacl(world, [JANE], now),
  'fabric-unprovision-moved': (world) =>
    world.start('unprovision', { ...now, ...WITH_DATA }, afterLast(world, now)),
};
