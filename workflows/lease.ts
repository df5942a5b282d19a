import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineSignal,
  getExternalWorkflowHandle,
  isCancellation,
  setCurrentDetails,
  setHandler,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { Named } from './input';
import type { Run } from './run';

/*
 * One writer per component, and one run at a time that changes a data product as a whole. A run that
 * wants to change a component first starts a child workflow under an id that only the component
 * decides; Temporal lets no second one run. However the run ends, the server then asks the child to
 * cancel, and the child tells the first of those who wait. A data product's run holds the product
 * only, and its component runs one component each, so nobody waits for one who waits for him.
 */

/** Milliseconds a waiting run trusts the lease to tell it; then it tries by itself. */
const FIRST_WAIT = 30_000;
const LONGEST_WAIT = 300_000;
/** Milliseconds before it tries again where the lease has just ended. */
const SHORT_WAIT = 50;

/** To a lease: the sender waits for it, and after it the others it has been told of. */
const waitSignal = defineSignal<[sender: string, others: string[]]>('wait');
/** To a waiting run: the run whose turn is before its own. */
const beforeSignal = defineSignal<[token: string]>('before');
/** To the waiting run whose turn it is: those who wait after it. */
const freedSignal = defineSignal<[others: string[]]>('freed');

interface Lease {
  /** The token of the run that may change the component. */
  holder: string;
  /** The tokens of those who wait for it. */
  waiting: string[];
}

/** False when there is no such run any more. */
export const isTold = (tell: Promise<void>) =>
  tell.then(
    () => true,
    (err: unknown) => {
      if (isCancellation(err)) throw err;
      return false;
    },
  );

/** Lasts as long as its parent, the run that holds the component. */
export async function lease({ holder, waiting }: Lease): Promise<string> {
  const queue = [...waiting];
  const tell = (token: string) => getExternalWorkflowHandle(token);
  const enqueue = (sender: string, others: string[]) =>
    CancellationScope.nonCancellable(async () => {
      queue.push(...[sender, ...others].filter((token) => !queue.includes(token)));
      const before = [holder, ...queue][queue.indexOf(sender)] ?? holder;
      await isTold(tell(sender).signal(beforeSignal, before));
    });
  /** Whoever comes while the first is told will try by himself, like the first. */
  const handOver = async () => {
    for (let all = queue.splice(0); all.length > 0; all = queue.splice(0)) {
      const [next = '', ...others] = all;
      if (!(await isTold(tell(next).signal(freedSignal, others)))) queue.unshift(...others);
    }
  };
  setHandler(waitSignal, enqueue);
  setCurrentDetails(`The turn of ${holder}`);
  await CancellationScope.current().cancelRequested.catch(() => undefined);
  await CancellationScope.nonCancellable(async () => {
    await handOver();
    await condition(allHandlersFinished);
  });
  return `The turn of ${holder} is over.`;
}

/** Whether a workflow of that id runs already. */
export const isHeld = (err: unknown) =>
  err instanceof Error && err.name === 'WorkflowExecutionAlreadyStartedError';

/**
 * Waits until no other run may change what is to be held, and holds it until this run ends, however
 * it ends. The phase tells for whom it waits. Only a cancellation ends the waiting without success.
 */
const hold = async (workflowId: string, run: Run): Promise<void> => {
  const token = workflowInfo().workflowId;
  let others: string[] = [];
  let isFreed = false;
  let isOurs = false;
  setHandler(beforeSignal, (other) => {
    if (!isOurs) run.phase(`Waiting for ${other}, which comes first`);
  });
  setHandler(freedSignal, (after) => {
    isFreed = true;
    others = [...others, ...after.filter((other) => !others.includes(other))];
  });

  const take = () =>
    CancellationScope.nonCancellable(() =>
      startChild(lease, {
        workflowId,
        args: [{ holder: token, waiting: others }],
        parentClosePolicy: 'REQUEST_CANCEL',
        memo: { holder: token },
        staticSummary: `Turn of ${token}`,
      }),
    ).then(
      () => true,
      (err: unknown) => {
        if (isHeld(err)) return false;
        throw err;
      },
    );

  for (let wait = FIRST_WAIT; !(isOurs = await take()); wait = Math.min(wait * 2, LONGEST_WAIT)) {
    const tell = getExternalWorkflowHandle(workflowId).signal(waitSignal, token, others);
    const patience = (await isTold(tell)) ? wait : SHORT_WAIT;
    await condition(() => isFreed, patience, { summary: 'Waits for its turn' });
    isFreed = false;
  }
};

/** Whose lease: a component's or a data product's key, and what tells its deployment from others. */
interface Whose extends Named {
  key: string;
}

/** As src/deployment.ts makes ids. */
export const leaseId = (of: 'component' | 'product', { key, deployment }: Whose) =>
  [of, key.replace('/', '.'), ...(deployment === undefined ? [] : [deployment])].join('.');

/** Holds a component. */
export const holdComponent = (whose: Whose, run: Run) => hold(leaseId('component', whose), run);

/** Holds a data product against other runs of it as a whole. */
export const holdProduct = (whose: Whose, run: Run) => hold(leaseId('product', whose), run);

/** Holds who has access to what the workers of a task queue provision. */
export const holdAccess = (taskQueue: string, run: Run) => hold(`access.${taskQueue}`, run);
