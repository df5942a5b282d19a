import type { Actor, Airbyte, Kind } from '../src/airbyte';
import type { Interest } from '../src/airbyte-http';
import type { Plan } from '../src/descriptor';
import type { Fabrics } from '../src/fabrics';
import type { SecretReferences } from '../src/secret-references';
import { fingerprintOf, ownedName, ownerOf, withoutFingerprint } from '../src/ownership';
import { maskRecord } from '../src/secrets';
import { attempt } from './attempt';
import { isActorAsWanted, withSecrets } from './comparison';
import { definitionIdOf, mustBeKnown, mustMeetSpecification } from './definitions';
import { adoptable, byHint, refused, settled, single, stillThere } from './findings';
import type { Put } from './findings';

type Wanted = Plan['source'] | Plan['destination'];

export interface PutActor<Plan extends Wanted> {
  /** The component's key. */
  key: string;
  plan: Plan;
  before?: Actor | undefined;
  /** Milliseconds Airbyte may take to finish, unseen, what it was asked for. */
  settleTime: number;
}

export type RestoreActor<Plan extends Wanted> = Pick<PutActor<Plan>, 'plan' | 'settleTime'> & {
  before: Actor;
};

export interface ActorDeps {
  airbyteFor: (interest: Interest) => Airbyte;
  fabrics: Fabrics;
  references: SecretReferences;
  /** Keys the fingerprints in names. */
  fingerprintKey: string;
  /** A page of Airbyte's user interface. */
  hrefOf: (path: string) => string;
}

export const masked = (actor: Actor): Actor => ({
  ...actor,
  configuration: actor.configuration && maskRecord(actor.configuration),
});

/** Whatever their digits: Airbyte is asked for what has the key in its name, where it can tell. */
export const ownActors = async (airbyte: Airbyte, kind: Kind, key: string) =>
  (await airbyte.listActors(kind, `[${key}`)).filter(({ name }) => ownerOf(name) === key);

/** By an id a former run reported, believed if the name agrees; else by name. */
export const findActor = async (airbyte: Airbyte, kind: Kind, key: string, hint?: string) => {
  const hinted = hint === undefined ? undefined : await byHint(airbyte.getActor(kind, hint));
  const found =
    hinted && ownerOf(hinted.name) === key
      ? hinted
      : single(kind, await ownActors(airbyte, kind, key));
  return found && masked(found);
};

const remove = async (airbyte: Airbyte, kind: Kind, id: string) => {
  await airbyte.deleteActor(kind, id);
  if (await airbyte.getActor(kind, id)) throw stillThere(kind, id);
};

export type ResolveDeps = Pick<ActorDeps, 'fabrics' | 'references' | 'fingerprintKey'>;

/** A configuration with the secrets it refers to, and with the fabric's hosts and secrets. */
const createComplete =
  ({ fabrics, references }: Pick<ResolveDeps, 'fabrics' | 'references'>) =>
  async (kind: Kind, { connector, configuration }: Wanted) => ({
    ...(await references.resolve(configuration, ['specific', kind, 'connectionConfiguration'])),
    ...(await fabrics[connector]?.(configuration)),
  });

/** What the descriptor says, completed: as Airbyte is to have it. */
export const createResolve = (deps: ResolveDeps) => {
  const complete = createComplete(deps);
  return async (airbyte: Airbyte, kind: Kind, { plan, key }: { plan: Wanted; key: string }) => {
    const { connector, name } = plan;
    const definitionId = await definitionIdOf(airbyte, kind, plan);
    const configuration = await complete(kind, plan);
    const wanted = { connector, complete: configuration };
    return {
      name: ownedName(name, key, fingerprintOf(wanted, deps.fingerprintKey)),
      definitionId,
      configuration,
    };
  };
};

/** Making, putting back and removing the sources and destinations of components. */
export const createActorActivities = (deps: ActorDeps) => {
  const { airbyteFor, hrefOf } = deps;
  const resolve = createResolve(deps);
  const complete = createComplete(deps);

  /** Secrets that cannot be had now have not been written either. */
  const isUntouched = async (airbyte: Airbyte, kind: Kind, before: Actor) => {
    const current = await airbyte.getActor(kind, before.id);
    return current !== undefined && isActorAsWanted(masked(current), before);
  };

  const write = async (
    airbyte: Airbyte,
    kind: Kind,
    current: Actor | undefined,
    wanted: Pick<Actor, 'name' | 'definitionId' | 'configuration'>,
  ) => {
    if (!current) return (await airbyte.createActor(kind, wanted)).id;
    if (!isActorAsWanted(current, wanted)) await airbyte.updateActor(kind, current.id, wanted);
    return current.id;
  };

  return {
    put: (kind: Kind, { settleTime, ...given }: PutActor<Wanted>) =>
      attempt(async ({ number, settlesAt, interest }): Promise<Put> => {
        const { key, plan, before } = given;
        const airbyte = airbyteFor(interest);
        const wanted = await resolve(airbyte, kind, { plan, key });
        const done = (id: string, action: Put['action']) => ({
          id,
          name: wanted.name,
          href: hrefOf(`${kind}/${id}`),
          action,
        });
        if (before && before.definitionId !== wanted.definitionId)
          throw refused(
            `The ${kind} "${before.name}" is of another connector than the descriptor asks for.`,
            `Unprovision the component, then deploy it again: Airbyte cannot change a ${kind}'s connector.`,
          );
        if (before && isActorAsWanted(before, wanted)) return done(before.id, 'unchanged');
        if (plan.connector === 'custom' && !before)
          await mustBeKnown(airbyte, kind, wanted.definitionId);
        if (plan.connector === 'custom')
          await mustMeetSpecification(airbyte, kind, {
            definitionId: wanted.definitionId,
            configuration: plan.configuration,
          });
        if (before) await settled({ settlesAt, interest });
        const look = () => findActor(airbyte, kind, key, before?.id);
        const current = number === 1 ? before : await adoptable(look, { settlesAt, interest });
        const id = await write(airbyte, kind, current, wanted);
        return done(id, before ? 'updated' : 'created');
      }, settleTime),

    /** Readable fields as they were; secrets, which Airbyte never shows, as the worker has them now. */
    restore: (kind: Kind, { plan, before, settleTime }: RestoreActor<Wanted>) =>
      attempt(async ({ settlesAt, interest }) => {
        await settled({ settlesAt, interest });
        const airbyte = airbyteFor(interest);
        const resolved = await complete(kind, plan).catch(async (err: unknown) => {
          if (await isUntouched(airbyte, kind, before)) return undefined;
          throw err;
        });
        if (!resolved) return;
        await airbyte.updateActor(kind, before.id, {
          name: withoutFingerprint(before.name),
          configuration: withSecrets(before.configuration ?? {}, resolved),
        });
      }, settleTime),

    /** By id where the run has seen it; by name where it may exist unseen. Whether there was any. */
    delete: (kind: Kind, { key, id }: { key: string; id?: string | undefined }) =>
      attempt(async ({ interest }) => {
        const airbyte = airbyteFor(interest);
        const ids = id ? [id] : (await ownActors(airbyte, kind, key)).map((actor) => actor.id);
        for (const each of ids) await remove(airbyte, kind, each);
        return ids.length > 0;
      }),
  };
};
