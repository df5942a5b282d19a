import { Context } from '@temporalio/activity';
import { MovedAway, NotInSettings, Refusal } from '../../src/contract/problems';
import type { CallInterest } from '../../src/concurrency/call-interest';
import type {
  ComponentFabric,
  Destination,
  Fabric,
  Removed,
  Seen,
  Step,
  Thing,
  Undone,
} from '../../src/fabrics/fabric';
import type { Place } from '../../src/descriptor/places';
import { attempt } from '../attempt';
import { settled } from '../unclear-answers';

/* What a component has in the fabric that it writes to: made, taken away, and put back. */

/** What a fabric has of a component, and the fabric. */
export interface InFabric extends ComponentFabric {
  fabric: Fabric;
}

/** The fabric of one end of a component; undefined: none is meant, or it manages nothing. Throws a Refusal. */
export type FabricOf = (end: Destination, key: string) => InFabric | undefined;

/** One that looks after things of a component's. */
export interface OfComponent {
  /** The component's key. */
  key: string;
  place: Place;
}

interface Changing extends OfComponent {
  things: Thing[];
  /** Milliseconds the fabric may take to finish, unseen, what it was asked for. */
  settleTime: number;
}

/** The same for each attempt of a step, and for no other step of any run. */
export const stepOf = (interest: CallInterest, settleTime?: number): Step => {
  const { workflowExecution, activityId } = Context.current().info;
  const { workflowId = '', runId = '' } = workflowExecution ?? {};
  const id = `${workflowId}/${runId}/${activityId}`;
  return { interest, id, ...(settleTime !== undefined && { settleTime }) };
};

export const refuseForeign = ([first, ...others]: Seen['foreign']) => {
  if (!first) return;
  const more = others.map(({ problem }) => problem);
  throw new Refusal([first.problem, ...more].join(' '), first.solution);
};

const goneFrom = ({ fabric }: Place, namedAt?: string) => {
  const named = fabric === undefined ? 'The fabric' : `The fabric ${fabric}`;
  return new NotInSettings(
    `${namedAt === undefined ? '' : `${namedAt}: `}${named}, which this run is about, is not in the configuration file any more, or not for the component’s team.`,
    'Ask the platform operator to put it there again: the run then goes on, or can be replayed.',
  );
};

/** Of a place that a run has found: what the descriptor names is no mistake then. */
const known = (fabricOf: FabricOf, { place, key }: OfComponent, namedAt?: string) => {
  try {
    return fabricOf(place, key);
  } catch (err) {
    if (err instanceof NotInSettings && !(err instanceof MovedAway)) throw goneFrom(place, namedAt);
    throw err;
  }
};

/** Of a place that the descriptor names, or that a former run has told of. */
export const namedOrKnown = (fabricOf: FabricOf, { place, key }: OfComponent) =>
  place.where === undefined ? fabricOf(place, key) : known(fabricOf, { place, key });

/** One that must be there, as a look has found it. */
export const mustBe = (fabricOf: FabricOf, of: OfComponent, namedAt?: string): InFabric => {
  const fabric = known(fabricOf, of, namedAt);
  if (!fabric) throw goneFrom(of.place, namedAt);
  return fabric;
};

export type FabricActivities = ReturnType<typeof createFabricActivities>;

/**
 * Changing what a component has in a fabric. Each is safe to repeat: it looks before it acts, and not before
 * all that an earlier attempt asked for is done or lost, so that nothing comes after the last look.
 */
export const createFabricActivities = ({ fabricOf }: { fabricOf: FabricOf }) => {
  const within = <Result>(
    given: OfComponent & { settleTime: number; namedAt?: string },
    work: (fabric: ComponentFabric, step: Step) => Promise<Result>,
  ) =>
    attempt(async ({ interest, settlesAt }) => {
      const fabric = mustBe(fabricOf, given, given.namedAt);
      settled({ settlesAt }, fabric.system);
      return work(fabric, stepOf(interest, given.settleTime));
    }, given.settleTime);

  return {
    prepareFabric: (given: Changing): Promise<void> =>
      within({ ...given, namedAt: 'specific.destination.fabric' }, (fabric, step) =>
        fabric.prepare(given.things, step),
      ),

    unprepareFabric: (given: Changing): Promise<Undone> =>
      within(given, (fabric, step) => fabric.unprepare(given.things, step)),

    /** The same right before they are taken away, while no other run changes who has access. */
    lookBeforeCleanup: ({ things, ...given }: OfComponent & { things: Thing[] }) =>
      attempt(({ interest }): Promise<Thing[]> =>
        mustBe(fabricOf, given).beforeCleanup(things, stepOf(interest)),
      ),

    cleanupFabric: (given: Changing): Promise<Removed> =>
      within(given, (fabric, step) => fabric.cleanup(given.things, step)),

    restoreFabric: (given: Changing): Promise<Undone> =>
      within(given, (fabric, step) => fabric.restore(given.things, step)),
  };
};
