import type { Actor, Airbyte, Kind } from '../../src/airbyte/workspace';
import { OddEntity } from '../../src/airbyte/errors';
import { tillSeen } from '../../src/concurrency/call-interest';
import type { CallInterest } from '../../src/concurrency/call-interest';
import { understood } from '../../src/airbyte/odd-entities';
import type { Plan } from '../../src/descriptor/descriptor';
import type { Fabrics } from '../../src/fabrics/fabrics';
import type { SecretReferences } from '../../src/secrets/references';
import { fingerprintOf, ownedName, ownerOf } from '../../src/airbyte/names';
import type { TeamOf } from './adoption-obstacles';
import { isUnvouched, adopt } from './sealing';
import { attempt } from '../attempt';
import { digestOfActor } from '../comparison/reads';
import { isActorAsWanted, masked } from '../comparison/differences';
import { definitionIdOf, mustBeOfConnector } from '../problems/definitions';
import { adoptable, byHint, settled, stillThere } from '../unclear-answers';
import { changedSince, single } from '../refusals';
import type { Put, SeenBefore } from './step-answers';
import type { Perhaps } from '../../workflows/protocol/failure-details';
import { createFormerSecrets } from '../former/secrets';
import type { FormerDeps } from '../former/secrets';
import { noLongerThere } from '../former/restored';
import { createRestoreActor } from '../former/actor';

type Wanted = Plan['source'] | Plan['destination'];

interface ForOne {
  /** The component's key. */
  key: string;
  /** Milliseconds Airbyte may take to finish, unseen, what it was asked for. */
  settleTime: number;
}

/**
 * `seen` is whole where an older worker looked. A worker of before these names does not take them: it
 * fails, and the step is tried again by another.
 */
export type PutActor<Plan extends Wanted> =
  | (ForOne & { wanted: Plan; seen?: SeenBefore | Actor | undefined })
  /** As older workers ask for it. */
  | (ForOne & { plan: Plan; before?: Actor | undefined });

export interface Deletion {
  /** The component's key. */
  key: string;
  /** Where the run has seen the entity; absent where it may exist unseen. */
  id?: string | undefined;
  /** As above; not told by older workers. */
  settleTime?: number;
}

export interface ActorDeps {
  airbyteFor: (interest: CallInterest) => Promise<Airbyte>;
  fabrics: Fabrics;
  /** The team of a component; undefined where no configuration file names teams. */
  teamOf?: TeamOf;
  references: SecretReferences;
  provisioned: FormerDeps['provisioned'];
  /** Keys the fingerprints in names. */
  fingerprintKey: string;
  /** A page of Airbyte's user interface. */
  hrefOf: (path: string) => string;
}

/** Whatever their digits: Airbyte is asked for what has the key in its name, where it can tell. */
const actorsOf = async (
  airbyte: Airbyte,
  kind: Kind,
  { key, until }: { key: string; until?: (found: Actor[]) => boolean },
) => {
  const isOwn = ({ name }: Actor) => ownerOf(name) === key;
  const found = await airbyte.listActors(kind, { named: `[${key}`, ...(until && { until }) });
  return found.filter(isOwn);
};

/** All there are, to be deleted. */
export const ownActors = async (airbyte: Airbyte, kind: Kind, key: string) =>
  (await actorsOf(airbyte, kind, { key })).map((actor) => understood(kind, actor));

/** Another's in an odd form is no answer to those who ask for their own. */
const oddUnless = (isOwn: (actor: Pick<Actor, 'name'>) => boolean) => (err: unknown) => {
  if (err instanceof OddEntity && !isOwn(err.entity)) return undefined;
  throw err;
};

/** By an id a former run reported, believed if the name agrees; else by name. */
export const findActor = async (airbyte: Airbyte, kind: Kind, key: string, hint?: string) => {
  const isOwn = ({ name }: Pick<Actor, 'name'>) => ownerOf(name) === key;
  const hinted =
    hint === undefined
      ? undefined
      : await byHint(airbyte.getActor(kind, hint)).catch(oddUnless(isOwn));
  const until = (all: Actor[]) => all.some(isOwn);
  const found =
    hinted && isOwn(hinted) ? hinted : single(kind, await actorsOf(airbyte, kind, { key, until }));
  return found && masked(understood(kind, found));
};

export type ResolveDeps = Pick<ActorDeps, 'fabrics' | 'references' | 'fingerprintKey'>;

/** A configuration with the secrets it refers to, and with the fabric's hosts and secrets. */
export const createComplete =
  ({ fabrics, references }: Pick<ResolveDeps, 'fabrics' | 'references'>) =>
  async (kind: Kind, wanted: Wanted, key: string) => ({
    ...(await references.resolve(wanted.configuration, {
      at: ['specific', kind, 'connectionConfiguration'],
      key,
    })),
    ...(kind === 'destination' && (await fabrics(wanted, key))),
  });

/** What the descriptor says, completed: as Airbyte is to have it. */
export const createResolve = (deps: ResolveDeps) => {
  const complete = createComplete(deps);
  return async (airbyte: Airbyte, kind: Kind, { plan, key }: { plan: Wanted; key: string }) => {
    const { connector, name } = plan;
    const definitionId = await definitionIdOf(airbyte, kind, plan);
    const configuration = await complete(kind, plan, key);
    const wanted = { connector, complete: configuration };
    return {
      name: ownedName(name, key, fingerprintOf(wanted, deps.fingerprintKey)),
      definitionId,
      configuration,
    };
  };
};

/** A worker of before has told all of it. */
const sightOf = (seen: SeenBefore | Actor, wanted: WantedActor): SeenBefore => {
  if (!('configuration' in seen)) return seen;
  const { id, name } = seen;
  const isAsWanted = isActorAsWanted(masked(seen), wanted);
  return { id, name, digest: digestOfActor(seen), ...(isAsWanted && { isAsWanted }) };
};

type WantedActor = Pick<Actor, 'name' | 'definitionId' | 'configuration'>;

/** Making, putting back and removing the sources and destinations of components. */
export const createActorActivities = (deps: ActorDeps) => {
  const { airbyteFor, hrefOf } = deps;
  const resolve = createResolve(deps);
  const complete = createComplete(deps);
  const former = createFormerSecrets({ ...deps, complete });

  const write = async (
    airbyte: Airbyte,
    kind: Kind,
    current: Actor | undefined,
    wanted: WantedActor,
  ) => {
    if (!current) return (await airbyte.createActor(kind, wanted)).id;
    if (!isActorAsWanted(current, wanted)) await airbyte.updateActor(kind, current.id, wanted);
    return current.id;
  };

  /** As it was seen, or as an attempt before this one has written it: then a write changes no other's. */
  const asSeen = async (
    airbyte: Airbyte,
    { kind, seen, wanted }: { kind: Kind; seen: SeenBefore; wanted: WantedActor },
  ) => {
    const { id, name } = seen;
    const found = await airbyte.getActor(kind, id);
    if (!found) throw noLongerThere({ kind, name, href: hrefOf(`${kind}/${id}`) });
    const current = masked(found);
    mustBeOfConnector(kind, current, wanted);
    if (digestOfActor(current) === seen.digest || isActorAsWanted(current, wanted)) return current;
    throw changedSince(kind, seen);
  };

  return {
    put: (kind: Kind, given: PutActor<Wanted>) =>
      attempt(async ({ number, settlesAt, interest }): Promise<Put> => {
        const { key } = given;
        const plan = 'wanted' in given ? given.wanted : given.plan;
        const airbyte = await airbyteFor(interest);
        const wanted = await resolve(airbyte, kind, { plan, key });
        const known = 'wanted' in given ? given.seen : given.before;
        const seen = known && sightOf(known, wanted);
        const done = (id: string, action: Put['action']) => ({
          id,
          name: wanted.name,
          href: hrefOf(`${kind}/${id}`),
          action,
        });
        // The name has the digits of the secrets: others are there to be had since.
        if (seen?.isAsWanted && seen.name !== wanted.name) throw changedSince(kind, seen);
        if (seen?.isAsWanted) return done(seen.id, 'unchanged');
        if (seen && isUnvouched(seen, key)) {
          const untilSettled = () => settled({ settlesAt });
          const taken = { kind, key, plan, seen, wanted, teamOf: deps.teamOf };
          const { id, action, ...rest } = await adopt(airbyte, taken, untilSettled);
          return { ...done(id, action), ...rest };
        }
        if (seen) {
          settled({ settlesAt });
          const current = await asSeen(airbyte, { kind, seen, wanted });
          return done(await write(airbyte, kind, current, wanted), 'updated');
        }
        const look = () => findActor(airbyte, kind, key);
        const current = number === 1 ? undefined : await adoptable(look, { settlesAt });
        return done(await write(airbyte, kind, current, wanted), 'created');
      }, given.settleTime),

    restore: createRestoreActor({ airbyteFor, hrefOf, former }),

    /** By id where the run has seen it; by name where it may exist unseen. Whether there was any. */
    delete: (kind: Kind, { key, id, settleTime }: Deletion) =>
      attempt(async ({ interest, hasWritten }): Promise<Perhaps> => {
        const airbyte = await airbyteFor(interest);
        const looking = await airbyteFor(tillSeen(interest));
        const ids = id ? [id] : (await ownActors(airbyte, kind, key)).map((actor) => actor.id);
        for (const each of ids) {
          await airbyte.deleteActor(kind, each);
          if (await looking.getActor(kind, each)) throw stillThere(kind, each);
        }
        return ids.length > 0 || hasWritten;
      }, settleTime),
  };
};
