import { WorkflowNotFoundError } from '@temporalio/client';
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import pLimit from 'p-limit';
import { z } from 'zod';
import type { Known, Provisioned, State } from '../../workflows/provisioned';
import type { Plan } from '../descriptor/descriptor';
import { readPlaces } from '../descriptor/places';
import type { Place } from '../descriptor/places';
import { isRecord } from '../contract/json';
import { deploymentOf } from '../contract/ids';
import { idIn, inToken } from '../../workflows/protocol/ids';
import { createRunHistory } from './history';
import { isNotFound } from '../temporal/errors';
import { quoted, runsOn } from '../temporal/visibility';
import { isOpen } from './running';
import { isToken, readToken } from './token';

/** Histories read at once; their plans are unpacked one by one, as a large one takes much memory. */
const MAX_READS = 10;
/** Runs of a component that are listed, and of those the ones whose plans are read, for a former one. */
const MAX_LISTED = 200;
const MAX_FORMER = 20;

interface Runs {
  open?: WorkflowExecutionInfo;
  completed?: WorkflowExecutionInfo;
  ended?: WorkflowExecutionInfo;
  since: number;
  runIds: Set<string>;
}

const closedAt = (run: WorkflowExecutionInfo | undefined) => run?.closeTime?.getTime() ?? 0;

const later = (one: WorkflowExecutionInfo | undefined, other: WorkflowExecutionInfo) =>
  one && closedAt(one) >= closedAt(other) ? one : other;

const withRun = (runs: Runs | undefined, run: WorkflowExecutionInfo): Runs => {
  const all = {
    ...runs,
    since: Math.min(runs?.since ?? Infinity, run.startTime.getTime()),
    runIds: (runs?.runIds ?? new Set<string>()).add(run.runId),
  };
  if (isOpen(run)) return { ...all, open: run };
  const ended = later(runs?.ended, run);
  if (run.status.name !== 'COMPLETED') return { ...all, ended };
  return { ...all, ended, completed: later(runs?.completed, run) };
};

const stateOf = ({ open, completed, ended }: Runs): [State, WorkflowExecutionInfo | undefined] => {
  if (open) return ['busy', open];
  if (completed?.type === 'unprovision') return ['removed', completed];
  if (ended?.type === 'unprovision') return ['half-removed', ended];
  return completed ? ['provisioned', completed] : ['failed', ended];
};

const knownOf = (runs: Runs): Known | undefined => {
  const [state, run] = stateOf(runs);
  const { since, runIds } = runs;
  return run && { state, token: run.workflowId, runId: run.runId, since, runIds };
};

const isPlan = (value: unknown): value is Plan =>
  isRecord(value) &&
  ['source', 'destination', 'connection'].every((part) => isRecord(value[part])) &&
  isRecord(value.component) &&
  typeof value.component.key === 'string';

/** A run's input, written by this version of the gateway or another. */
const Input = z.object({ plan: z.custom<Plan>(isPlan) });
const Moved = z.object({ places: z.unknown() });

const isPlace = (value: unknown): value is Place =>
  isRecord(value) && typeof value.connector === 'string' && isRecord(value.configuration);
const Place = z.custom<Place>(isPlace);

/** The same of an unprovision. */
const RemovalInput = z.object({
  places: z.object({ former: z.array(Place), named: Place.optional() }),
});

/** The retention may end between the list and the look. */
const orForgotten = (err: unknown) => {
  if (isNotFound(err)) return undefined;
  throw err;
};

/**
 * What runs have provisioned, read from Temporal: the list of the runs on our task queue, and of the
 * histories the first event only. Another task queue is another deployment, and none of ours.
 */
export const createProvisioned = ({
  client,
  taskQueue,
}: {
  client: Client;
  taskQueue: string;
}): Provisioned => {
  const query = runsOn([taskQueue], ['provision', 'unprovision']);
  const limit = pLimit(MAX_READS);
  /** For all runs that look for their former plans. */
  const alone = pLimit(1);
  const history = createRunHistory({ client });

  const list = async () => {
    const all = new Map<string, Runs>();
    for await (const run of client.workflow.list({ query })) {
      if (!isToken(run.workflowId)) continue;
      const { environment, component: name } = readToken(run.workflowId);
      const component = `${environment}.${name}`;
      all.set(component, withRun(all.get(component), run));
    }
    return all;
  };

  const inputOf = ({ token, runId }: Pick<Known, 'token' | 'runId'>) =>
    history.inputOf({ workflowId: token, runId }).catch(orForgotten);
  type Unpack = Awaited<ReturnType<typeof inputOf>>;
  const planIn = async (unpack: Unpack) => Input.safeParse((await unpack?.())?.[0]).data?.plan;
  const knownIn = async (unpack: Unpack) => {
    const [input] = (await unpack?.()) ?? [];
    const former = readPlaces(Moved.safeParse(input).data?.places);
    return { plan: Input.safeParse(input).data?.plan, former };
  };

  /** Provisions of a component, newest first, one for each request; the list may show some as open still. */
  const formerRuns = async (key: string) => {
    const prefix = `provision.${inToken(key)}.`;
    const isOfComponent = `WorkflowId STARTS_WITH ${quoted(prefix)}`;
    const ofComponent = runsOn([taskQueue], ['provision'], isOfComponent);
    const newest = new Map<string, WorkflowExecutionInfo>();
    let seen = 0;
    // Temporal lists the newest first.
    for await (const run of client.workflow.list({ query: ofComponent })) {
      const request = `${run.workflowId} ${run.status.name}`;
      if (isToken(run.workflowId)) newest.set(request, later(newest.get(request), run));
      if ((seen += 1) >= MAX_LISTED) break;
    }
    return [...newest.values()]
      .sort(
        (one, other) =>
          Number(isOpen(other)) - Number(isOpen(one)) || closedAt(other) - closedAt(one),
      )
      .slice(0, MAX_FORMER);
  };

  const isOutdated = async (component: string, { runIds }: Known) => {
    try {
      const lease = await client.workflow
        .getHandle(idIn(deploymentOf(taskQueue), 'component', component))
        .describe();
      return !runIds.has(lease.parentExecution?.runId ?? '');
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) return false;
      throw err;
    }
  };

  return {
    components: (signal) =>
      client.withAbortSignal(signal, async () => {
        const known = [...(await list())].flatMap(([component, runs]): [string, Known][] => {
          const what = knownOf(runs);
          return what ? [[component, what]] : [];
        });
        return new Map(known);
      }),
    confirmed: (known, components, signal) =>
      client.withAbortSignal(signal, async () => {
        const looks = components.map(async (component): Promise<[string, Known][]> => {
          const what = known.get(component);
          if (!what || !(await limit(() => isOutdated(component, what)))) return [];
          return [[component, { ...what, state: 'busy' }]];
        });
        return new Map([...known, ...(await Promise.all(looks)).flat()]);
      }),
    eachPlan: (runs, use, signal) =>
      client.withAbortSignal(signal, async () => {
        for (let at = 0; at < runs.length; at += MAX_READS) {
          const some = runs.slice(at, at + MAX_READS);
          const inputs = await Promise.all(
            some.map(async (run) => ({ run, unpack: await limit(() => inputOf(run)) })),
          );
          for (const { run, unpack } of inputs) {
            const { plan, former } = await knownIn(unpack);
            await use(run, plan, former);
          }
        }
      }),
    eachPlaces: (runs, use, signal) =>
      client.withAbortSignal(signal, async () => {
        const looks = runs.map((run) =>
          limit(async () => {
            const [input] = (await (await inputOf(run))?.()) ?? [];
            const { data } = RemovalInput.safeParse(input);
            if (data) use(run, [...data.places.former, ...[data.places.named ?? []].flat()]);
          }),
        );
        await Promise.all(looks);
      }),
    findFormer: (key, accept, signal) =>
      client.withAbortSignal(signal, async () => {
        for (const { workflowId: token, runId, status } of await formerRuns(key)) {
          const unpack = await inputOf({ token, runId });
          const completed = status.name === 'COMPLETED';
          const accepted = await alone(async () => {
            const plan = await planIn(unpack);
            return plan && (await accept({ plan, completed })) ? plan : undefined;
          });
          if (accepted) return accepted;
        }
        return undefined;
      }),
  };
};
