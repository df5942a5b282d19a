import { setTimeout as pause } from 'node:timers/promises';
import type { Client, ConnectionLike } from '@temporalio/client';
import { isOutage, lacksNamespace } from './errors';

/** Milliseconds: of one try, and of all together. */
interface Patience {
  each: number;
  whole: number;
}

/**
 * For what a caller of the gateway waits for. Witboost says nowhere how long its Coordinator waits for
 * an answer; the existing provisioner had 20 s to give one (`request-timeout` of its chart).
 */
export const TO_CHANGE: Patience = { each: 4000, whole: 18_000 };
/** A status may need two such reads. */
export const TO_READ: Patience = { each: 3000, whole: 8000 };

/** Fails unless Temporal answers for a namespace within so many milliseconds. */
export const answers = async (
  asked: Pick<ConnectionLike, 'withDeadline' | 'workflowService'>,
  namespace: string,
  deadline: number,
): Promise<void> => {
  const answer = asked.withDeadline(Date.now() + deadline, () =>
    asked.workflowService.describeNamespace({ namespace }),
  );
  // The SDK tries again after the deadline, too, with waits of up to two seconds.
  const late = pause(deadline, undefined, { ref: false }).then(() => {
    throw new Error(`Temporal has not answered within ${String(deadline)} ms.`);
  });
  await Promise.race([answer, late]);
};

/** Milliseconds between two tries, half of it by chance. */
const FIRST_WAIT = 200;
const LONGEST_WAIT = 1600;

/**
 * A call to Temporal, again and again while Temporal is not there. Only for what may be done twice: a
 * try whose answer was late may have been heard.
 */
export const repeatedly = async <Result>(
  client: Pick<Client, 'withDeadline'>,
  { each, whole }: Patience,
  call: () => Promise<Result>,
): Promise<Result> => {
  const end = Date.now() + whole;
  for (let longest = FIRST_WAIT; ; longest = Math.min(2 * longest, LONGEST_WAIT)) {
    const wait = longest * (0.5 + Math.random() / 2);
    try {
      return await client.withDeadline(Math.min(Date.now() + each, end), call);
    } catch (err) {
      const mayPass = isOutage(err) || lacksNamespace(err);
      if (!mayPass || Date.now() + wait >= end) throw err;
    }
    await pause(wait);
  }
};
