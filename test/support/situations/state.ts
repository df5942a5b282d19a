import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { isRecord } from '../../../src/contract/json';
import type { EntityKind } from '../faults/calls';
import type { Harness } from '../harness';

/* The whole of what Airbyte holds of some components, secrets included, and how two such states differ. */

type Row = Record<string, unknown> & { id: string; name: string };

/** Of one component: what is there of each kind; more than one is a defect. */
type Part = Record<EntityKind, Row[]>;

export interface State {
  /** By component. */
  parts: Record<string, Part>;
  /** `who: what`, in order. */
  access: string[];
}

export interface Difference {
  component: string;
  kind: EntityKind | 'access';
  /** Below the entity: `configuration.password`, `schedule`; `digits` of its name; `gone`, `twice`. */
  at: string;
}

const People = z.object({
  permissions: z.array(z.object({ of: z.string(), permissionType: z.string() })),
});

/** `<name> [<component key> #<digits>]`. */
const keyIn = (name: string) => /\[([^\s[\]]+)(?: #[0-9a-f]{8})?\]$/.exec(name)?.[1];

export const stateOf = async (harness: Harness, components: string[]): Promise<State> => {
  const { sources, destinations, connections } = await harness.entities('?secrets=true');
  const { permissions } = People.parse(await harness.control('GET', '/people'));
  const partOf = (component: string): Part => {
    const key = `${harness.environment}/finance.cashflow.0.${component}`;
    const source = sources.filter(({ name }) => keyIn(name) === key);
    const ids = source.map(({ sourceId }) => sourceId);
    return {
      source: source.map((each) => ({ ...each, id: each.sourceId })),
      destination: destinations
        .filter(({ name }) => keyIn(name) === key)
        .map((each) => ({ ...each, id: each.destinationId })),
      connection: connections
        .filter(({ sourceId }) => ids.includes(sourceId))
        .map((each) => ({ ...each, id: each.connectionId })),
    };
  };
  return {
    parts: Object.fromEntries(components.map((each) => [each, partOf(each)])),
    access: permissions.map(({ of, permissionType }) => `${of}: ${permissionType}`).sort(),
  };
};

const DIGITS = / #[0-9a-f]{8}\]$/;
const withoutDigits = (row: Row) => ({ ...row, name: row.name.replace(DIGITS, ']') });
const digitsOf = ({ name }: Row) => DIGITS.exec(name)?.[0];
export const hasDigits = (row: Row) => digitsOf(row) !== undefined;

/** Configurations leaf by leaf, anything else by its field. */
const pathsOf = (before: unknown, after: unknown, at: string[]): string[] => {
  if (isDeepStrictEqual(before, after)) return [];
  const isDeep = at.length === 0 || at[0] === 'configuration';
  if (!isDeep || !isRecord(before) || !isRecord(after)) return [at.join('.')];
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => pathsOf(before[key], after[key], [...at, key]));
};

const between = (before: Row[], after: Row[]): string[] => {
  if (after.length > 1) return ['twice'];
  const [was, is] = [before[0], after[0]];
  if (!was) return is ? ['new'] : [];
  if (!is) return ['gone'];
  const digits = digitsOf(was) === digitsOf(is) ? [] : ['digits'];
  const paths = pathsOf(withoutDigits(was), withoutDigits(is), []);
  // The descriptor calls them so, and with it the status.
  return [...paths.map((at) => (at === 'configurations' ? 'streams' : at)), ...digits];
};

export const KINDS: EntityKind[] = ['source', 'destination', 'connection'];

export const differencesOf = (before: State, after: State): Difference[] => {
  const ofPart = ([component, part]: [string, Part]) =>
    KINDS.flatMap((kind) =>
      between(part[kind], after.parts[component]?.[kind] ?? []).map((at) => ({
        component,
        kind,
        at,
      })),
    );
  const changed = [
    ...before.access.filter((each) => !after.access.includes(each)),
    ...after.access.filter((each) => !before.access.includes(each)),
  ];
  return [
    ...Object.entries(before.parts).flatMap(ofPart),
    ...changed.map((at) => ({ component: '', kind: 'access' as const, at })),
  ];
};

/** As the simulator tells a secret that was sent. */
export const digestOf = (secret: string) => createHash('sha256').update(secret).digest('hex');

/** What is in a configuration at `a.b.c`. */
export const fieldOf = (row: Row | undefined, field: string): unknown =>
  field
    .split('.')
    .reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), row?.configuration);
