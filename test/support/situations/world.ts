import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProvisioningStatus } from '../../../src/contract/coordinator';
import { accessOf } from '../access';
import type { Changes } from '../fixtures';
import type { AirbyteCall, Fault, Harness } from '../harness';
import { eventually } from '../harness';
import { productsOf } from '../product-harness';
import { edit, forgetRuns } from './edits';
import type { Edit } from './edits';
import { digestOf, stateOf } from './state';
import type { State } from './state';

/* A pipeline with a secret at both ends, and what may happen to it while the provisioner works. */

/** A file of SECRETS_DIR, by the end that its value is for. */
export const SECRETS = ['ERP', 'MART', 'OTHER', 'ANOTHER'] as const;
type SecretName = (typeof SECRETS)[number];

interface End {
  host?: string;
  port?: number;
  username?: string;
  secret?: SecretName | 'FORBIDDEN';
  name?: string;
}

export interface Wish {
  source?: End;
  destination?: End;
  connection?: Record<string, unknown>;
  /** The source's connector is not one that the provisioner knows the fields of. */
  custom?: boolean;
  /** In the place of the Postgres source. */
  instead?: Record<string, unknown>;
}

const HOSTS = { source: 'erp.example.com', destination: 'mart.example.com' };
export const NEW_HOST = 'new.example.com';
/** A bucket has none. */
const NO_HOST = '';

/** The last call of an update fails although it was done: everything is to be undone. */
export const LAST: Fault = { operation: 'patchConnection', status: 422, commit: true };

const endOf = (kind: 'source' | 'destination', { name: _name, ...end }: End = {}) => {
  const secretRef = end.secret ?? (kind === 'source' ? 'ERP' : 'MART');
  return {
    host: end.host ?? HOSTS[kind],
    ...(end.port !== undefined && { port: end.port }),
    database: 'erp',
    username: end.username ?? 'provisioner',
    password: { secretRef },
  };
};

const custom = { connector: 'custom', definitionName: 'Postgres' };

/** The parts of a descriptor. */
const changesOf = ({ source, destination, connection, ...wish }: Wish): Changes => ({
  source: wish.instead ?? {
    ...(wish.custom ? custom : { connector: 'postgres' }),
    name: source?.name ?? 'ERP',
    connectionConfiguration: { ...(wish.custom && { port: 5432 }), ...endOf('source', source) },
  },
  destination: {
    connector: 'postgres',
    name: destination?.name ?? 'Mart',
    connectionConfiguration: endOf('destination', destination),
  },
  connection: { name: 'ERP to mart', streams: [{ name: 'customers' }], ...connection },
});

/** What came of an operation, and all that is needed to judge it. */
export interface Played {
  before: State;
  after: State;
  status: ProvisioningStatus;
  calls: AirbyteCall[];
}

/** Waits in Temporal, which leaves the machine to the runs. */
export const ended = async (harness: Harness, token: string) => {
  const isOver = harness.client.workflow.getHandle(token).result();
  await isOver.catch(() => undefined);
  return harness.status(token);
};

export type World = ReturnType<typeof createWorld>;

/** One component, or a data product of two, in a harness that has nothing of them yet. */
export const createWorld = (harness: Harness, component: string) => {
  const components = [component, `${component}-two`];
  const attribute = `finance.cashflow.0.${component}`;
  const directory = harness.env.SECRETS_DIR ?? '';
  const values = new Map<string, string[]>();
  const hosts = new Map<string, Set<string>>();
  const products = productsOf(harness);
  const access = accessOf(harness);

  const put = async (name: SecretName, value: string) => {
    await writeFile(path.join(directory, name), value);
    if (value !== '') values.set(name, [...(values.get(name) ?? []), value]);
  };
  /** A new value, as a person gives it; each is seen in no other row. */
  const rotate = (name: SecretName) =>
    put(name, `${component}-${name}-${String((values.get(name) ?? []).length + 1)}`);

  const give = (name: string, host: string) =>
    hosts.set(name, new Set([...(hosts.get(name) ?? []), host]));
  const note = (wish: Wish) => {
    if (wish.instead) for (const name of ['ERP', 'ANOTHER']) give(name, NO_HOST);
    for (const kind of ['source', 'destination'] as const) {
      const { host, password } = endOf(kind, wish[kind]);
      give(password.secretRef, host);
    }
  };
  const isDue = async (operation: string) =>
    (await harness.calls(operation)).length > 0 || undefined;

  /** What is there before and after something ends with a status. */
  const seen = async (act: () => Promise<ProvisioningStatus>): Promise<Played> => {
    const before = await stateOf(harness, components);
    await harness.forgetCalls();
    const status = await act();
    const calls = await harness.calls();
    return { before, after: await stateOf(harness, components), status, calls };
  };
  const start = (wish: Wish, more: Record<string, unknown> = {}) => {
    note(wish);
    return harness.start('provision', { component, ...changesOf(wish) }, more);
  };
  const provision = async (wish: Wish = {}) => ended(harness, await start(wish));

  return {
    harness,
    component,
    access,
    rotate,
    empty: (name: SecretName) => put(name, ''),
    lose: (name: SecretName) => rm(path.join(directory, name), { force: true }),
    /** The value a reference has now. */
    valueOf: (name: SecretName) => values.get(name)?.at(-1),
    allValues: () => [...values.values()].flat(),
    /** Whether a descriptor gave a secret of this digest to this host. */
    isGiven: (sha256: string | null, host: string | null) =>
      [...values].some(
        ([name, all]) =>
          all.some((value) => digestOf(value) === sha256) && hosts.get(name)?.has(host ?? NO_HOST),
      ),
    seen,
    start,
    provision,
    /** Provisions what may not be, with these faults of Airbyte's. */
    update: (wish: Wish, ...faults: Fault[]) =>
      seen(async () => {
        for (const fault of faults) await harness.fault(fault);
        return provision(wish);
      }),
    /** The same, and does something when source and destination are written, but no more. */
    interrupted: (wish: Wish, meanwhile: () => Promise<unknown>, ...faults: Fault[]) =>
      seen(async () => {
        const hold = { operation: 'getStreamProperties', after: 'putSource' };
        for (const fault of faults) await harness.fault(fault);
        await harness.fault({ ...hold, status: 503, times: 0 });
        const token = await start(wish);
        await eventually(() => isDue('putSource'), 'the write of the source');
        const isHeld = async () =>
          (await harness.calls(hold.operation)).some(({ status }) => status === 503) || undefined;
        await eventually(isHeld, 'the run to be held');
        await meanwhile();
        await harness.clearFaults(hold.operation);
        return ended(harness, token);
      }),
    /** Each wish is a component's; the second is `<component>-two`. */
    product: (wishes: [Wish, Wish], ...faults: Fault[]) =>
      seen(async () => {
        for (const fault of faults) await harness.fault(fault);
        wishes.forEach(note);
        const parts = wishes.map((wish, index) => ({
          component: components[index] ?? '',
          ...changesOf(wish),
        }));
        return ended(harness, await products.start('provision', parts));
      }),
    unprovision: (more: Record<string, unknown> = {}, ...faults: Fault[]) =>
      seen(async () => {
        for (const fault of faults) await harness.fault(fault);
        return ended(harness, await harness.start('unprovision', { component }, more));
      }),
    updateacl: (refs: string[], ...faults: Fault[]) =>
      seen(async () => {
        for (const fault of faults) await harness.fault(fault);
        return ended(harness, await access.ask(refs, component));
      }),
    state: () => stateOf(harness, components),
    /** As if the time that Temporal keeps histories for were over. */
    forgetRuns: () => forgetRuns(harness, attribute),
    byHand: async (what: Edit) => {
      const { parts } = await stateOf(harness, components);
      const { source = [], connection = [] } = parts[component] ?? {};
      await edit(harness, what, { source: source[0], connection: connection[0] });
    },
  };
};
