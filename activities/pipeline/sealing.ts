import type { Actor, Airbyte, ConnectionRead, Kind } from '../../src/airbyte/workspace';
import type { CallInterest } from '../../src/concurrency/call-interest';
import type { Plan } from '../../src/descriptor/descriptor';
import { componentIn, fingerprintIn, ownedName } from '../../src/airbyte/names';
import type { Put, SeenBefore } from './step-answers';
import { attempt } from '../attempt';
import { digestOfActor } from '../comparison/reads';
import { differencesIn, masked } from '../comparison/differences';
import { mustBeOfConnector } from '../problems/definitions';
import { settled } from '../unclear-answers';
import { changedSince } from '../refusals';
import { secretPlaces, valueAt, withValues } from '../former/secrets';
import { retiredName } from './adoption';
import { isOthers } from './adoption-obstacles';
import type { TeamOf } from './adoption-obstacles';
import { Refusal } from '../../src/contract/problems';

/*
 * Taking over what others have made. Their secrets, which Airbyte shows to nobody, stay as they are
 * stored until all the rest is in place, so that until then it can be given back as it was.
 */

type Wanted = Pick<Actor, 'name' | 'definitionId' | 'configuration'>;

/**
 * Fields of our own connectors that say nothing of where a secret goes: they may change while it stays
 * as it is stored. `loading_method` is what the provisioner before this one has left.
 */
const HARMLESS = [
  ...['database', 'schema', 'schemas', 'raw_data_schema', 'loading_method'],
  ...['cdc_deletion_mode', 'disable_type_dedupe', 'retention_period_days', 'replication_method'],
  ...['dataset_name', 'format', 'reader_options'],
];

/** All that can be read is as wanted. */
export const isReadAs = (current: Actor, wanted: Pick<Actor, 'configuration'>) =>
  differencesIn(masked(current).configuration, wanted.configuration, 'configuration').length === 0;

/** The wanted configuration with the secrets that are stored; undefined where they would not fit. */
const keepingSecrets = (
  current: Actor,
  wanted: Record<string, unknown>,
  connector: string,
): Record<string, unknown> | undefined => {
  const seen = masked(current).configuration;
  const places = secretPlaces(seen);
  const differing = differencesIn(seen, wanted, '').map((path) => path.split(/[.[]/)[1] ?? '');
  const secret = new Set(places.map(([top]) => top));
  const isBeside = (field: string) => !secret.has(field);
  const isHarmless =
    differing.length === 0 ||
    (connector !== 'custom' &&
      differing.every((field) => HARMLESS.includes(field) && isBeside(field)));
  const isFitting = places.every((place) => typeof valueAt(wanted, place) === 'string');
  if (places.length === 0 || !isHarmless || !isFitting) return undefined;
  return withValues(wanted, places, (place) => valueAt(current.configuration, place));
};

/** Its stored secrets are not known to be those of a descriptor: there are no digits to say so. */
export const isUnvouched = ({ name }: Pick<Actor, 'name'>, key: string) =>
  componentIn(name) !== key || fingerprintIn(name) === undefined;

const mineOnly = (
  kind: Kind,
  current: Actor | undefined,
  { id, key, teamOf }: { id: string; key: string; teamOf: TeamOf },
) => {
  if (!current)
    throw new Refusal(
      `The ${kind} ${id} is not in Airbyte any more.`,
      'Deploy again: what is not there is then made anew.',
    );
  const owner = componentIn(current.name);
  if (owner === undefined || owner === key) return current;
  if (isOthers(teamOf, owner, key))
    throw new Refusal(
      `The ${kind} ${id} has become that of another team's component.`,
      'Name another connection in the descriptor, then deploy again.',
    );
  throw new Refusal(
    `The ${kind} "${current.name}" (${id}) has become that of the component ${owner}.`,
    'Let one component have it: correct the descriptor of the other.',
  );
};

interface Taken {
  kind: Kind;
  key: string;
  plan: Plan[Kind];
  seen: SeenBefore;
  wanted: Wanted & { configuration: Record<string, unknown> };
  teamOf: TeamOf;
}

/**
 * Makes an actor of unknown secrets the component's. As long as they go where they went they stay as
 * they are stored, and are left to the seal: a failure until then costs nobody a secret. Otherwise the
 * descriptor's secrets go with the descriptor's hosts.
 */
export const adopt = async (
  airbyte: Airbyte,
  { kind, key, plan, seen, wanted, teamOf }: Taken,
  untilSettled: () => void,
): Promise<Pick<Put, 'id' | 'name' | 'action' | 'isUnsealed'>> => {
  const { id } = seen;
  const current = mineOnly(kind, await airbyte.getActor(kind, id), { id, key, teamOf });
  mustBeOfConnector(kind, current, wanted);
  // With digits an attempt before this one has written the descriptor's secrets already.
  const kept = isUnvouched(current, key)
    ? keepingSecrets(current, wanted.configuration, plan.connector)
    : undefined;
  const next = kept
    ? { name: ownedName(plan.name, key), configuration: kept }
    : { name: wanted.name, configuration: wanted.configuration };
  const isThere = (actor: Actor) => actor.name === next.name && isReadAs(actor, wanted);
  const isSeen = digestOfActor(current) === seen.digest;
  if (!isThere(current)) {
    if (!isSeen) throw changedSince(kind, seen);
    untilSettled();
    await airbyte.updateActor(kind, id, next);
  }
  return {
    id,
    name: next.name,
    action: isSeen && isThere(current) ? 'unchanged' : 'updated',
    ...(kept && { isUnsealed: true }),
  };
};

export interface Seal<Of> {
  /** The component's key. */
  key: string;
  plan: Of;
  id: string;
  settleTime: number;
}

interface SealingDeps {
  teamOf?: TeamOf;
  airbyteFor: (interest: CallInterest) => Promise<Airbyte>;
  hrefOf: (path: string) => string;
  resolve: (
    airbyte: Airbyte,
    kind: Kind,
    given: { plan: Plan[Kind]; key: string },
  ) => Promise<Wanted>;
}

/** The last words of taking over: the descriptor's secrets, and retiring what was replaced. */
export const createSealingActivities = ({ airbyteFor, hrefOf, resolve, teamOf }: SealingDeps) => ({
  /** Writes the secrets of the descriptor, and into the name the digits that vouch for them. */
  seal: (kind: Kind, { key, plan, id, settleTime }: Seal<Plan[Kind]>) =>
    attempt(async ({ settlesAt, interest }): Promise<Put> => {
      const airbyte = await airbyteFor(interest);
      const wanted = await resolve(airbyte, kind, { plan, key });
      settled({ settlesAt });
      mineOnly(kind, await airbyte.getActor(kind, id), { id, key, teamOf });
      await airbyte.updateActor(kind, id, wanted);
      return { id, name: wanted.name, href: hrefOf(`${kind}/${id}`), action: 'updated' };
    }, settleTime),

  /** Pauses and renames a connection, so that no second pipeline runs beside the component's. */
  retireConnection: (given: {
    before: Pick<ConnectionRead, 'id' | 'name'>;
    key: string;
    settleTime: number;
  }) =>
    attempt(async ({ settlesAt, interest }) => {
      const { before, key } = given;
      const airbyte = await airbyteFor(interest);
      settled({ settlesAt });
      const name = retiredName(before.name, key);
      const current = await airbyte.getConnection(before.id);
      if (!current || (current.name === name && current.status !== 'active')) return;
      if (current.name !== name && current.name !== before.name)
        throw new Refusal(
          `The connection "${before.name}" (${before.id}) has been renamed meanwhile.`,
          'Deploy again.',
        );
      await airbyte.patchConnection(before.id, { name, status: 'inactive' });
    }, given.settleTime),
});
