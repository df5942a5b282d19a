import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  makeContinueAsNewFunc,
  patched,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Named } from '../input';
import type { Run } from './report';
import { FIRST_WAIT, LONG, PART_OF_WAITED, SHORT_WAIT } from './lease-limits';
import { isDeliveredOrLost, isDelivered } from './signals';
import { beginSpan, whyEnded } from './traces';
import { behind } from '../phases';
import { idIn, inToken } from '../protocol/ids';

/*
 * One writer per component, and one run at a time that changes a data product as a whole. A run that
 * wants to change a component first starts a child workflow under an id that only the component
 * decides; Temporal lets no second one run. However the run ends, the server then asks the child to
 * cancel, and the child tells the first of those who wait. A data product's run holds the product
 * only, and its component runs one component each, so no run waits for one that waits for it.
 */

/** To a lease: the sender waits for it, and after it the others it has been told of. */
const waitSignal = defineSignal<[sender: string, others: string[]]>('wait');
/** To a lease: the sender waits no more. */
const leftSignal = defineSignal<[sender: string]>('left');
/** To a waiting run: the one before it in the queue. */
const beforeSignal = defineSignal<[token: string]>('before');
/** To the waiting run that may take the lease: those queued after it. */
const freedSignal = defineSignal<[others: string[]]>('freed');

interface Lease {
  /** The token of the run that may change the component. */
  holder: string;
  /** The tokens of those who wait for it. */
  waiting: string[];
}

/** The first of them that goes on may take the lease. Whoever comes meanwhile polls, like the first. */
const handOver = async (queue: string[]) => {
  for (let all = queue.splice(0); all.length > 0; all = queue.splice(0)) {
    const [next = '', ...others] = all;
    const signal = getExternalWorkflowHandle(next).signal(freedSignal, others);
    if (!(await isDelivered(signal).catch(() => false))) queue.unshift(...others);
  }
};

/** Lasts as long as its parent, the run that holds the component. */
export async function lease({ holder, waiting }: Lease): Promise<string> {
  const queue = [...waiting];
  const scope = CancellationScope.current();
  const beforeOf = (token: string) => [holder, ...queue][queue.indexOf(token)] ?? holder;
  const remove = (token: string) => {
    if (queue.includes(token)) queue.splice(queue.indexOf(token), 1);
  };
  const signalBefore = (token: string) =>
    isDeliveredOrLost(getExternalWorkflowHandle(token).signal(beforeSignal, beforeOf(token)));
  /** A waiting run that was terminated has not said that it leaves. */
  const removeEnded = async (sender: string) => {
    for (let before = beforeOf(sender); before !== holder; before = beforeOf(sender)) {
      if (!patched('who-waits-may-have-ended') || (await signalBefore(before))) return;
      remove(before);
    }
  };

  setHandler(waitSignal, (sender, others) =>
    CancellationScope.nonCancellable(async () => {
      const isKnown = queue.includes(sender);
      queue.push(...[sender, ...others].filter((token) => !queue.includes(token)));
      if (isKnown) await removeEnded(sender);
      await signalBefore(sender);
    }),
  );
  setHandler(leftSignal, (sender) =>
    CancellationScope.nonCancellable(async () => {
      const next = queue[queue.indexOf(sender) + 1];
      if (!patched('who-waits-may-leave') || !queue.includes(sender)) return;
      remove(sender);
      if (next !== undefined) await signalBefore(next);
    }),
  );
  setCurrentDetails(`Held by ${holder}`);
  const isCancelled = scope.cancelRequested.catch(() => undefined);
  const isLong = () => workflowInfo().historyLength > LONG && allHandlersFinished();
  await Promise.race([isCancelled, CancellationScope.nonCancellable(() => condition(isLong))]);
  if (!scope.consideredCancelled && patched('a-lease-starts-anew')) {
    const startAnew = makeContinueAsNewFunc<typeof lease>({ memo: { holder } });
    return startAnew({ holder, waiting: queue });
  }
  await isCancelled;
  await CancellationScope.nonCancellable(async () => {
    await handOver(queue);
    await condition(allHandlersFinished);
  });
  return `The lease of ${holder} has ended.`;
}

/** Whether a workflow of that id runs already. */
export const isHeld = (err: unknown) =>
  err instanceof Error && err.name === 'WorkflowExecutionAlreadyStartedError';

/** Holds it until this run ends, or the scope it is taken in; false where somebody else holds it. */
export const takeLease = async (
  workflowId: string,
  { waiting = [], staticSummary }: { waiting?: string[]; staticSummary?: string } = {},
): Promise<boolean> => {
  const { workflowId: holder } = workflowInfo();
  try {
    await startChild(lease, {
      workflowId,
      args: [{ holder, waiting }],
      parentClosePolicy: 'REQUEST_CANCEL',
      memo: { holder },
      staticSummary: staticSummary ?? `Lease of ${holder}`,
    });
    return true;
  } catch (err) {
    if (isHeld(err)) return false;
    throw err;
  }
};

/** What a run that waits for a lease is given. */
interface Patience {
  run: Run;
  /** Milliseconds; FIRST_WAIT unless given. */
  firstWait?: number | undefined;
}

/**
 * Waits until no other run may change what is to be held, and holds it until this run ends, however
 * it ends. The phase tells for whom it waits. Only a cancellation ends the waiting without success.
 */
const hold = async (workflowId: string, { run, firstWait = FIRST_WAIT }: Patience) => {
  const token = workflowInfo().workflowId;
  const since = Date.now();
  let others: string[] = [];
  let before = '';
  let isFreed = false;
  let isOwn = false;
  setHandler(beforeSignal, (other) => {
    if (isOwn || (other === before && patched('told-once-who-comes-first'))) return;
    before = other;
    run.phase(behind(other));
  });
  setHandler(freedSignal, (after) => {
    isFreed = true;
    others = [...others, ...after.filter((other) => !others.includes(other))];
  });

  const take = () =>
    CancellationScope.nonCancellable(() => takeLease(workflowId, { waiting: others }));
  const held = getExternalWorkflowHandle(workflowId);
  /** Whether the lease goes on and has not handed over meanwhile. */
  const goesOn = async () => {
    const isThere = await isDeliveredOrLost(held.signal(waitSignal, token, others));
    const patience = Math.max(firstWait, (Date.now() - since) * PART_OF_WAITED);
    const time = isThere ? patience : SHORT_WAIT;
    await condition(() => isFreed, time, { summary: 'Waits for the lease' });
    const goes = isThere && !isFreed;
    isFreed = false;
    return goes;
  };
  const wait = async () => {
    // Who took the lease while it goes from one to the next would take it before those who are queued.
    while (!(isOwn = await take()))
      while ((await goesOn()) && patched('ask-the-lease-before-taking-it'));
  };
  /** It leaves the queue, and a lease that has just been offered to it goes on to the next. */
  const leave = () =>
    CancellationScope.nonCancellable(async () => {
      await isDeliveredOrLost(held.signal(leftSignal, token));
      await handOver([...others]);
    });

  const waited = beginSpan('WaitForLease', { 'provisioner.lease': workflowId });
  await wait().catch(async (err: unknown) => {
    waited({}, whyEnded(err));
    if (isCancellation(err) && patched('who-waits-may-leave')) await leave();
    throw err;
  });
  waited();
};

/** Whose lease: a component's or a data product's key, and what tells its deployment from others. */
interface Whose extends Named {
  key: string;
}

export const leaseId = (of: 'component' | 'product', { key, deployment }: Whose) =>
  idIn(deployment, of, inToken(key));

/** Holds a component. */
export const holdComponent = (whose: Whose, run: Run, firstWait?: number) =>
  hold(leaseId('component', whose), { run, firstWait });

/** Holds a data product against other runs of it as a whole. */
export const holdProduct = (whose: Whose, run: Run) => hold(leaseId('product', whose), { run });

const accessId = (of: string) => `access.${of}`;

/** Holds who has access to what the workers of a task queue provision. */
export const holdAccess = (of: string, run: Run) => hold(accessId(of), { run });

/** Of a run that goes on without: who waits for it is next. Whether it is known not to be held any more. */
export const letGoOfAccess = (of: string) =>
  CancellationScope.nonCancellable(() =>
    isDelivered(getExternalWorkflowHandle(accessId(of)).cancel()).then(
      () => true,
      () => false,
    ),
  );
