import { setTimeout as sleep } from 'node:timers/promises';
import type { Response } from 'express';
import { type Answer, payloadOf, proxyPage, send, writeHead } from './answers';
import type { Fault } from './faults';
import type { Later } from './timers';

/** Milliseconds; does not keep the process alive. */
export const pause = (duration: number) => sleep(duration, undefined, { ref: false });

const breakOff = (res: Response) => {
  res.socket?.resetAndDestroy();
};

/** Half of what the length announces, then the end of the connection. */
const sendHalf = (res: Response, answer: Answer) => {
  const payload = Buffer.from(payloadOf(answer));
  if (payload.length === 0) {
    breakOff(res);
    return;
  }
  writeHead(res, answer, payload.toString());
  res.write(payload.subarray(0, Math.ceil(payload.length / 2)), () => res.socket?.end());
};

const errorAnswer = (status: number, fault: Fault, usualBody: Call['usualBody']): Answer => ({
  status,
  body: fault.html ? proxyPage(status) : (fault.body ?? usualBody(status)),
  headers: {
    ...(fault.contentType && { 'Content-Type': fault.contentType }),
    ...(fault.retryAfter !== undefined && { 'Retry-After': String(fault.retryAfter) }),
  },
});

interface Call {
  res: Response;
  /** Does the operation as usual, and gives its answer. */
  commit: () => Promise<Answer>;
  /** The body the API usually gives with a status. */
  usualBody: (status: number) => unknown;
  later: Later;
}

/** Lets the fault befall the call. What never answers stays open until the client goes away. */
export const befall = async (fault: Fault, call: Call): Promise<void> => {
  const { res, commit, later, usualBody } = call;
  if (fault.delay) await pause(fault.delay);
  if (fault.commit || fault.hang === 'after' || fault.reset === 'after') await commit();
  if (fault.hang) return;
  if (fault.commitLater !== undefined) {
    later(fault.commitLater, commit);
    return;
  }
  if (fault.reset) {
    breakOff(res);
    return;
  }
  if (fault.status !== undefined) {
    send(res, errorAnswer(fault.status, fault, usualBody));
    return;
  }
  const answer = await commit();
  if (fault.truncate) sendHalf(res, answer);
  else send(res, answer);
};
