import { log } from '@temporalio/activity';
import type { Airbyte } from '../../src/airbyte/workspace';
import { oddness } from '../../src/airbyte/odd-entities';
import type { Plan } from '../../src/descriptor/descriptor';
import { KINDS, countOf } from '../../src/contract/drift';
import type { DriftReport, Finding } from '../../src/contract/drift';
import { fromToken, inToken } from '../../workflows/protocol/ids';
import { firstFew } from '../../workflows/protocol/lengths';
import { ownerOf } from '../../src/airbyte/names';
import type { Known, KnownComponents, Provisioned, State } from '../../workflows/provisioned';
import { createResolve } from '../pipeline/actors';
import type { ActorDeps, ResolveDeps } from '../pipeline/actors';
import { attempt } from '../attempt';
import { byComponent, findingsOf, remainsOf } from './findings';
import type { Pipeline } from './findings';
import { actorsIn, hasAll } from '../workspace';
import type { Entities } from '../workspace';
import { NotInSettings, Refusal } from '../../src/contract/problems';
import { placeOf } from '../../src/descriptor/places';
import type { Place } from '../../src/descriptor/places';
import type { FabricOf } from '../fabric/fabric';
import { bearingFindings, keptIn, unusedFinding } from './fabric-findings';
import { createLookAtFabrics } from './fabrics';
import { createLookAtFormerReaders } from './former-readers';
import type { Moved } from './former-readers';
import type { Placed } from './fabrics';

/** The report goes into the history of its run: it must stay small. */
const MAX_FINDINGS = 200;
const MAX_UNREACHED = 50;
/** Components that were removed whose places are looked at in one check. */
const MOST_REMOVED = 1000;
const MAX_LOGGED = 20;

/** States in which what is there of a component is no remains. */
const ACCOUNTED = new Set<State | undefined>(['busy', 'provisioned']);

const NOTHING: Entities = { source: [], destination: [], connection: [] };

/** Whose components; without it those of all environments. */
export interface ToCompare {
  environment: string;
}

export type DriftActivities = ReturnType<typeof createDriftActivities>;

/** A check that has ended, for whoever counts. */
export interface Checked extends Pick<DriftReport, 'checkedAt'> {
  /** The only one it was about; undefined: all. */
  environment: string | undefined;
  /** The keys of all components it was about. */
  components: string[];
  /** However many there are. */
  findings: Finding[];
}

interface DriftDeps extends ResolveDeps, Pick<ActorDeps, 'airbyteFor'> {
  fabricOf: FabricOf;
  provisioned: Provisioned;
  observe: (checked: Checked) => void;
}

const keyOf = ({ plan }: Pipeline) => plan.component.key;

/** What is in Airbyte; whatever these components should have and have not is looked for twice. */
const look = async (airbyte: Airbyte, wanted: string[]): Promise<Entities> => {
  const { source, destination } = await actorsIn(airbyte, hasAll(wanted));
  const keys = new Set(wanted);
  const read = source.filter(({ name }) => keys.has(ownerOf(name) ?? ''));
  const connection = await airbyte.listConnections({
    until: (found) => {
      const sources = new Set(found.map(({ sourceId }) => sourceId));
      return read.every(({ id }) => sources.has(id));
    },
  });
  return { source, destination, connection };
};

/** What is known of a component counts only if no run began or ended while Airbyte was looked at. */
const settled = (before: KnownComponents, after: KnownComponents): KnownComponents =>
  new Map(
    [...after].map(([component, known]): [string, Known] => {
      const former = before.get(component);
      const isSame = former?.runId === known.runId && former.runIds.size === known.runIds.size;
      return [component, isSame ? known : { ...known, state: 'busy' }];
    }),
  );

const announce = (report: DriftReport, of: Partial<ToCompare>) => {
  const { totals, findings } = report;
  if (countOf(report) === 0) log.info('no drift found', { ...of, totals });
  else log.warn('drift found', { ...of, totals, findings: findings.slice(0, MAX_LOGGED) });
};

/** `all`: of all components that could be compared, `compared` of them. */
export const reportOf = (
  known: KnownComponents,
  compared: number,
  all: Finding[],
  { unreached = [], kept = [] }: Pick<DriftReport, 'unreached' | 'kept'> = {},
): DriftReport => {
  const inState = (wanted: State) => [...known.values()].filter(({ state }) => state === wanted);
  const busy = inState('busy');
  const ofKind = (wanted: Finding['kind']) => all.filter(({ kind }) => kind === wanted);
  const ordered = KINDS.flatMap(ofKind);
  const count = (kind: Finding['kind']) => ofKind(kind).length;
  return {
    checkedAt: new Date().toISOString(),
    totals: {
      components: compared,
      busy: busy.length,
      unreadable: inState('provisioned').length - compared,
      missing: count('missing'),
      changed: count('changed'),
      foreign: count('foreign'),
      duplicate: count('duplicate'),
      orphaned: count('orphaned'),
      unfinished: count('unfinished'),
      untraced: count('untraced'),
    },
    findings: ordered.slice(0, MAX_FINDINGS),
    busy: busy.slice(0, MAX_FINDINGS).map(({ token }) => token),
    ...(unreached.length > 0 && { unreached: unreached.slice(0, MAX_UNREACHED) }),
    ...(kept.length > 0 && { kept: kept.slice(0, MAX_FINDINGS) }),
    truncated:
      ordered.length > MAX_FINDINGS ||
      busy.length > MAX_FINDINGS ||
      kept.length > MAX_FINDINGS ||
      unreached.length > MAX_UNREACHED,
  };
};

const findingsIn = (owned: Map<string, Entities>, pipeline: Pipeline) =>
  findingsOf(pipeline, owned.get(keyOf(pipeline)) ?? NOTHING);

/** A component whose plan and pipeline could be read. */
interface Compared {
  key: string;
  findings: Finding[];
}

const LACKING: Finding['kind'][] = ['missing', 'foreign'];
const lacks = ({ findings }: Compared) => findings.some(({ kind }) => LACKING.includes(kind));

/** What Airbyte shows of a component in a form that is not understood. */
const oddIn = (owned: Map<string, Entities>, pipeline: Pipeline) => {
  const found = owned.get(keyOf(pipeline)) ?? NOTHING;
  return (['source', 'destination', 'connection'] as const).flatMap((kind) =>
    found[kind].flatMap((entity) => oddness(kind, entity)?.message ?? []),
  );
};

const isComparable = (owned: Map<string, Entities>, pipeline: Pipeline) => {
  const problems = oddIn(owned, pipeline);
  if (problems.length > 0)
    log.warn('a component cannot be compared', {
      component: keyOf(pipeline),
      problem: firstFew(problems).join(' '),
    });
  return problems.length === 0;
};

/** Where a component's data is, or may be: none where that is no fabric. */
const placedBy = ({ token }: Known, plan: Plan, isWanted: boolean): Placed[] => {
  const place = placeOf(plan.destination);
  return place ? [{ key: plan.component.key, token, place, isWanted }] : [];
};

/** Comparing what runs have provisioned with what Airbyte and the fabrics have. Reads only, on all sides. */
export const createDriftActivities = (deps: DriftDeps) => {
  const { airbyteFor, provisioned, observe, fabricOf, ...rest } = deps;
  const resolve = createResolve(rest);
  const lookAtFabrics = createLookAtFabrics(fabricOf);
  const lookAtFormerReaders = createLookAtFormerReaders(fabricOf);

  /** What refers to a secret or a connector that is not to be had now cannot be compared. */
  const pipelineOf = async (airbyte: Airbyte, plan: Plan, token: string) => {
    const { key } = plan.component;
    try {
      const source = await resolve(airbyte, 'source', { plan: plan.source, key });
      const destination = await resolve(airbyte, 'destination', { plan: plan.destination, key });
      return { plan, token, wanted: { source, destination } };
    } catch (err) {
      if (!(err instanceof Refusal || err instanceof NotInSettings)) throw err;
      log.warn('a component cannot be compared', { component: key, problem: err.message });
      return undefined;
    }
  };

  /** Of each plan only what was found is kept. */
  const comparedOf = async (
    airbyte: Airbyte,
    { runs, owned, signal }: { runs: Known[]; owned: Map<string, Entities>; signal: AbortSignal },
  ) => {
    const compared: Compared[] = [];
    const placed: Placed[] = [];
    const moved: Moved[] = [];
    const compareOne = async (run: Known, plan: Plan | undefined, former: Place[]) => {
      const pipeline = plan && (await pipelineOf(airbyte, plan, run.token));
      if (!pipeline || !isComparable(owned, pipeline)) return;
      compared.push({ key: keyOf(pipeline), findings: findingsIn(owned, pipeline) });
      const here = placedBy(run, pipeline.plan, true);
      placed.push(...here);
      moved.push(...here.filter(() => former.length > 0).map((each) => ({ ...each, former })));
    };
    await provisioned.eachPlan(runs, compareOne, signal);
    return { compared, placed, moved };
  };

  /** Where components may have left something that no run has completed. */
  const placesOf = async (failed: Known[], signal: AbortSignal) => {
    const placed: Placed[] = [];
    const add = (run: Known, plan: Plan | undefined) => {
      if (plan) placed.push(...placedBy(run, plan, false));
      return Promise.resolve();
    };
    await provisioned.eachPlan(failed, add, signal);
    return placed;
  };

  /** Where components that were removed may have left data: those of the newest removals. */
  const placesLeftBy = async (removed: [string, Known][], signal: AbortSignal) => {
    const newest = removed
      .toSorted(([, one], [, other]) => other.since - one.since)
      .slice(0, MOST_REMOVED);
    const keys = new Map(newest.map(([component, { token }]) => [token, fromToken(component)]));
    const placed: Placed[] = [];
    const add = ({ token }: Known, places: Place[]) => {
      const key = keys.get(token) ?? '';
      placed.push(...places.map((place) => ({ key, token, place, isWanted: false })));
    };
    await provisioned.eachPlaces(
      newest.map(([, run]) => run),
      add,
      signal,
    );
    return placed;
  };

  return {
    /** One check; what it finds goes to who observes and to the log as well. */
    compare: (given?: ToCompare): Promise<DriftReport> =>
      attempt(async (asked) => {
        const { interest } = asked;
        const signal = AbortSignal.any([interest.cancelled, interest.timeUp]);
        const isMeant = (key: string) =>
          given === undefined || key.startsWith(`${given.environment}/`);
        const known = async () =>
          new Map(
            [...(await provisioned.components(signal))].filter(([component]) =>
              isMeant(fromToken(component)),
            ),
          );
        const before = await known();
        const airbyte = await airbyteFor(interest);
        const inState = (state: State) => [...before].filter(([, known]) => known.state === state);
        const wanted = inState('provisioned');
        const keys = wanted.map(([component]) => fromToken(component));
        const owned = byComponent(await look(airbyte, keys));
        const runs = wanted.map(([, run]) => run);
        const inAirbyte = await comparedOf(airbyte, { runs, owned, signal });
        const failed = inState('failed').map(([, run]) => run);
        // Without a configuration file fabrics only lend their credentials.
        const others = given
          ? [
              ...(await placesOf(failed, signal)),
              ...(await placesLeftBy([...inState('removed'), ...inState('half-removed')], signal)),
            ]
          : [];
        const inFabrics = await lookAtFabrics([...inAirbyte.placed, ...others], asked);
        const inFormer = await lookAtFormerReaders(inAirbyte.moved, asked);
        const all = inAirbyte.compared.map(({ key, findings }) => ({
          key,
          findings: [
            ...findings,
            ...(inFabrics.findings.get(key) ?? []),
            ...(inFormer.findings.get(key) ?? []),
          ],
        }));
        const lacking = all.filter(lacks).map(({ key }) => inToken(key));
        const after = settled(before, await known());
        const confirmed = await provisioned.confirmed(after, lacking, signal);

        const knownOf = (key: string) => confirmed.get(inToken(key));
        const stateOf = (key: string) => knownOf(key)?.state;
        const compared = all.filter(({ key }) => stateOf(key) === 'provisioned');
        const isRemains = (key: string) => isMeant(key) && !ACCOUNTED.has(stateOf(key));
        const remains = [...owned].filter(([key]) => isRemains(key));
        const bearing = inFabrics.bearing.filter(
          ({ key, isShared }) => !isShared && isRemains(key),
        );
        // One that has a run under way may be about to use it.
        const busy = [...confirmed].flatMap(([component, { state }]) =>
          state === 'busy' ? [fromToken(component)] : [],
        );
        const isBusy = (domain: string) => busy.some((key) => key.startsWith(`${domain}.`));
        const unused = inFabrics.bearing.filter(
          ({ key, isShared }) => isShared && isMeant(key) && !isBusy(key),
        );
        const findings = [
          ...compared.flatMap(({ findings: some }) => some),
          ...remains.flatMap(([key, found]) => remainsOf(key, found, knownOf(key))),
          ...bearing.flatMap((each) => bearingFindings(each, knownOf(each.key))),
          ...unused.flatMap(unusedFinding),
        ];
        const unreached = [...inFabrics.unreached, ...inFormer.unreached];
        const kept = bearing.flatMap((each) => keptIn(each, knownOf(each.key)));
        const report = reportOf(confirmed, compared.length, findings, { unreached, kept });
        const components = [...confirmed.keys()].map(fromToken);
        observe({
          checkedAt: report.checkedAt,
          environment: given?.environment,
          components,
          findings,
        });
        announce(report, given ?? {});
        return report;
      }),
  };
};
