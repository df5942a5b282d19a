import { withoutUndefined } from '../../src/contract/json';
import type { Kind } from '../../src/airbyte/workspace';
import type { PlannedComponent, PlannedEntity } from '../../src/contract/plan';
import type { ToValidate } from '../../workflows/input';
import { MAX_NAMED, firstFew, shortened } from '../../workflows/protocol/lengths';
import { placeOf } from '../../src/descriptor/places';
import { CallError } from '../../src/contract/call-error';
import { Refusal } from '../../src/contract/problems';
import type { FabricOf } from '../fabric/fabric';
import type { FabricFound } from '../fabric/found';
import { createFabricLook } from '../fabric/look';
import { linesOf } from '../fabric/things';
import { attempt } from '../attempt';
import type { Attempt } from '../attempt';
import type { WholeFound } from './step-answers';
import { linkDifferences } from './found-summary';
import { createLooking } from './looking';
import type { LookingDeps } from './looking';
import type { Feasible } from './preflight';

export type Planning = ReturnType<typeof createPlanning>;

/** Warnings that a plan tells of a component, and characters of each, and of each name of a field. */
const MAX_WARNINGS = 10;
const MAX_WARNING = 500;
const MAX_FIELD = 100;

const STREAMS_LATER =
  'The streams are looked at when it is deployed, as the source is not yet in Airbyte as the descriptor wants it.';
const SYNC = 'A sync is started once the connection is in place.';

/** Attempts after which a fabric that does not answer is told of, and no reason to have no plan. */
const TRIES = 3;

interface Seen {
  found: WholeFound;
  feasible: Feasible;
  component: ToValidate;
}

const fieldsOf = (differs: string[]) =>
  firstFew(
    differs.map((field) => shortened(field, MAX_FIELD)),
    MAX_NAMED,
  );

const existing = (
  kind: PlannedEntity['kind'],
  { id, name }: { id: string; name: string },
  { differs, isForeign = false }: { differs: string[]; isForeign?: boolean | undefined },
): PlannedEntity => {
  if (!isForeign && differs.length === 0) return { kind, action: 'keep', name, id };
  const action = isForeign ? 'take over' : 'change';
  return { kind, action, name, id, ...(differs.length > 0 && { differs: fieldsOf(differs) }) };
};

const actorIn = (kind: Kind, { found, feasible, component: { plan } }: Seen): PlannedEntity => {
  const actor = found[kind];
  if (!actor) return { kind, action: 'create', name: plan[kind].name };
  const { isForeign } = found;
  return existing(kind, actor, { differs: feasible.differs[kind], isForeign });
};

const connectionIn = (seen: Seen, byHand: LookingDeps['mappersByHand']): PlannedEntity[] => {
  const { found, feasible, component } = seen;
  const { connection, replaces, isForeign } = found;
  const kind = 'connection';
  const { plan } = component;
  if (connection) {
    const { differs } = linkDifferences(found, { plan, feasible, byHand });
    return [existing(kind, connection, { differs, isForeign })];
  }
  const made = { kind, action: 'create', name: plan.connection.name } as const;
  if (!replaces) return [made];
  return [made, { kind, action: 'retire', name: replaces.name, id: replaces.id }];
};

const inFabric = ({ system, missing, present }: FabricFound): PlannedEntity[] =>
  [['create', missing] as const, ['keep', present] as const].flatMap(([action, things]) =>
    linesOf(things).map(({ kind, name, each }) => ({
      kind,
      action,
      name: shortened(name, MAX_WARNING),
      system,
      ...(each && { differs: fieldsOf(each) }),
    })),
  );

const NOTHING = { entities: [], warnings: [], open: [] };

/** What a fabric has and what a provision makes there; one that does not answer leaves that open. */
const createForesight = (fabricOf: FabricOf) => {
  const look = createFabricLook(fabricOf);
  return async ({ plan }: ToValidate, { interest, number }: Attempt) => {
    try {
      const place = placeOf(plan.destination);
      const looked = place && (await look.toPrepare({ key: plan.component.key, place }, interest));
      if (!looked) return NOTHING;
      return { entities: inFabric(looked.found), warnings: looked.warnings, open: [] };
    } catch (err) {
      if (!(err instanceof CallError)) throw err;
      // Whatever it refuses is the end of this component's deployment, and of nobody else's.
      if (err.kind === 'refused') throw new Refusal(err.message, err.solution);
      if (number < TRIES) throw err;
      const open = `What a deployment makes in the fabric could not be looked at: ${err.message}`;
      return { ...NOTHING, open: [shortened(open, MAX_WARNING)] };
    }
  };
};

/** What a provision would do, without doing it: by its own look, and by what it goes by itself. */
export const createPlanning = (deps: LookingDeps & { fabricOf: FabricOf }) => {
  const looking = createLooking(deps);
  const foreseen = createForesight(deps.fabricOf);
  return {
    foresee: (component: ToValidate): Promise<PlannedComponent> =>
      attempt(async (given) => {
        const { interest } = given;
        const { plan, known, at } = component;
        const { key } = plan.component;
        const airbyte = await deps.airbyteFor(interest);
        const there = await looking.existing(airbyte, { key, known });
        const { complete, feasible } = await looking.judged(airbyte, there, { plan, interest });
        const seen = { found: complete, feasible, component };
        const fabric = await foreseen(component, given);
        const { warnings = [], lackingTags } = complete;
        return withoutUndefined({
          component: key,
          at,
          entities: [
            actorIn('source', seen),
            actorIn('destination', seen),
            ...connectionIn(seen, deps.mappersByHand),
            ...fabric.entities,
          ],
          tags: lackingTags && fieldsOf(lackingTags),
          warnings: firstFew(
            [...warnings, ...fabric.warnings].map((warning) => shortened(warning, MAX_WARNING)),
            MAX_WARNINGS,
          ),
          open: [
            ...fabric.open,
            ...(feasible.streams ? [] : [STREAMS_LATER]),
            ...(plan.connection.syncOnProvision ? [SYNC] : []),
          ],
        });
      }),
  };
};
