import {
  CancellationScope,
  condition,
  isCancellation,
  patched,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { ChildWorkflowHandle } from '@temporalio/workflow';
import type { FailureDetails } from '../protocol/failure-details';
import type { ProvisioningStatus } from '../../src/contract/coordinator';
import { undoing } from '../phases';
import { WAITING } from '../protocol/run-names';
import { TRACE_MEMO } from '../protocol/tracing';
import { endOfChild } from './child-end';
import { explain } from '../run/failure';
import type { Part, ProvisionInput, UnprovisionInput } from '../input';
import { isHeld } from '../run/lease';
import { forRuns } from '../run/steps';
import type { Run } from '../run/report';
import { isDelivered } from '../run/signals';
import { readySignal, decisionSignal } from '../run/product-part';

/** Components that are worked on at once; those that are in place and wait for the others do not count. */
const AT_ONCE = 10;
/** Milliseconds until a component is tried again whose token has a run; in runs of older workers. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;

type PartRun = (input: ProvisionInput | UnprovisionInput) => Promise<ProvisioningStatus>;
type Child = ChildWorkflowHandle<PartRun>;

/** How a component stands; also the words for it. */
type State =
  | 'not begun'
  | 'waits for the run that it has already'
  | 'under way'
  | 'in place, waits for the others'
  | 'being stopped'
  | 'done'
  | 'failed'
  | 'stopped with the others';

export interface Member {
  component: string;
  state: State;
  /** What its run ended with, if it began and could say. */
  status?: ProvisioningStatus;
  /** Why it is not as wanted. */
  problem?: FailureDetails;
  err?: unknown;
}

interface ChildrenOptions {
  operation: 'provision' | 'unprovision';
  parts: Part<ProvisionInput | UnprovisionInput>[];
  run: Run;
}

/** Where the server knows our search attributes, this run was started with some. */
const knowsAttributes = ({ attributes }: Part<unknown>) => {
  const names = workflowInfo().typedSearchAttributes.getAll();
  return names.some(({ key: { name } }) => attributes.some(({ key }) => key.name === name));
};

/** The trace is that of the whole. */
const traceMemo = () => {
  const traceId: unknown = workflowInfo().memo?.[TRACE_MEMO];
  return typeof traceId === 'string' ? { [TRACE_MEMO]: traceId } : {};
};

/** As the gateway starts the run of a single component; also the token, under which it can be asked. */
const optionsFor = (part: ChildrenOptions['parts'][number]) => ({
  workflowId: part.token,
  parentClosePolicy: 'REQUEST_CANCEL' as const,
  memo: { phase: WAITING, ...traceMemo() },
  staticSummary: part.summary,
  staticDetails: part.details,
  ...(knowsAttributes(part) && { typedSearchAttributes: part.attributes }),
});

/**
 * The runs of a data product's components, as children of its own. `begun` and `ended` belong into a
 * scope that is not cancelled: runs are ended by `stop`, and always waited for.
 */
export const createChildren = ({ operation, parts, run }: ChildrenOptions) => {
  const members = parts.map((part) => {
    const member: Member = { component: part.component, state: 'not begun' };
    return { part, member };
  });
  const queue = [...members];
  const children = new Map<Member, Child>();
  const ends: Promise<void>[] = [];
  const ready = new Set<string>();
  let stopped: FailureDetails | undefined;
  let isKept = false;

  setHandler(readySignal, (token) => {
    ready.add(token);
    const found = members.find(({ part }) => part.token === token);
    if (found?.member.state !== 'under way') return;
    found.member.state = 'in place, waits for the others';
    run.info(`${found.member.component}: in place`);
  });

  const answerOne = (child: Child, reason?: FailureDetails) =>
    isDelivered(child.signal(decisionSignal, reason)).catch((err: unknown) => {
      run.error(`Not told how to end: ${child.workflowId}. ${explain(err).problem}`);
    });
  /** Heard although this run is cancelled; one that has ended meanwhile needs no decision. */
  const answer = (those: Child[], reason?: FailureDetails) =>
    CancellationScope.nonCancellable(() =>
      Promise.all(those.map((child) => answerOne(child, reason))),
    );
  const answerAll = (reason?: FailureDetails) => answer([...children.values()], reason);

  const stop = (reason: FailureDetails, phase: string) => {
    // Too late where the others have been told to keep what they did.
    if (stopped || isKept) return false;
    stopped = reason;
    queue.length = 0;
    run.phase(phase);
    for (const member of children.keys()) member.state = 'being stopped';
    void answerAll(reason);
    return true;
  };

  const failed = (member: Member, err: unknown) => {
    const { status, problem } = endOfChild(err);
    const isOwn = problem.problem !== stopped?.problem;
    children.delete(member);
    member.state = isOwn ? 'failed' : 'stopped with the others';
    Object.assign(member, { problem, err, ...(status && { status }) });
    if (isOwn) run.error(`${member.component}: ${problem.problem}`);
    // A removal goes on without those that fail; what is made is made together.
    if (operation === 'unprovision') return;
    const reason = {
      problem: `Another component of the data product failed: ${member.component}.`,
      solution: `See what the run of the data product says: ${workflowInfo().workflowId}`,
    };
    stop(reason, undoing('Failed'));
  };

  /** Until the run that a token has already has ended, or this one is told to stop. */
  const otherEnded = (
    part: ChildrenOptions['parts'][number],
    { component }: Member,
    wait: number,
  ) => {
    const summary = `Waits for the run that ${component} has already`;
    const isStopped = () => stopped !== undefined;
    if (!patched('follow-the-run-of-a-component')) return condition(isStopped, wait, { summary });
    return CancellationScope.cancellable(async () => {
      const followed = forRuns(summary)
        .followRun({ token: part.token })
        .catch((err: unknown) => {
          if (!isCancellation(err)) throw err;
        });
      await Promise.race([followed, condition(isStopped)]);
      CancellationScope.current().cancel();
      await followed;
    });
  };

  /** Undefined when the run was told to stop before the component's could begin. */
  const startOne = async (part: ChildrenOptions['parts'][number], member: Member) => {
    for (let wait = FIRST_WAIT; !stopped; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      const started = startChild<PartRun>(operation, { ...optionsFor(part), args: [part.input] });
      const child = await started.catch((err: unknown) => {
        if (isHeld(err)) return undefined;
        throw err;
      });
      if (child) return child;
      member.state = 'waits for the run that it has already';
      await otherEnded(part, member, wait);
    }
    return undefined;
  };

  /** Until the component is in place, or its run has ended. */
  const begin = async ({ part, member }: (typeof members)[number]) => {
    const child = await startOne(part, member);
    if (!child) {
      member.state = 'not begun';
      return;
    }
    children.set(member, child);
    member.state = 'under way';
    if (stopped) void answer([child], stopped);
    const end = child.result().then(
      (status) => {
        children.delete(member);
        member.state = 'done';
        member.status = status;
        if (operation === 'unprovision') run.info(`${member.component}: ${status.result}`);
      },
      (err: unknown) => failed(member, err),
    );
    ends.push(end);
    await Promise.race([end, condition(() => ready.has(part.token))]);
  };

  const takeNext = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { member } = next;
      await begin(next).catch((err: unknown) => failed(member, err));
    }
  };

  return {
    members: members.map(({ member }) => member),
    /** A line for each component. */
    lines: () => members.map(({ member: { component, state } }) => `${component}: ${state}`),
    /** Whether it was not too late. */
    stop,
    isStopped: () => stopped !== undefined,
    /** Until each is in place or has ended; none begins once they are told to stop. */
    begun: () => Promise.all(Array.from({ length: AT_ONCE }, takeNext)),
    /** What was done is to be kept. */
    keep: () => {
      isKept = true;
      return answerAll();
    },
    ended: () => Promise.all(ends),
  };
};
