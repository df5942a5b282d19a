import type { Server, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { onceOver } from '../concurrency/caller';
import { LONGEST_REQUEST } from '../runs/start';

/** Milliseconds after closing in which a request that is still being sent may arrive. */
export const LAST_ARRIVALS = 10_000;
/** Milliseconds the last answers may take. */
export const LAST_ANSWERS = LONGEST_REQUEST + 2000;

/** Callers keep a connection for their next request, which has to go elsewhere. */
const isLast = (res: ServerResponse) => {
  if (!res.headersSent) res.setHeader('Connection', 'close');
};

/** How a server ends without losing a request. */
export const createDraining = (server: Server) => {
  const open = new Set<ServerResponse>();
  const isOwing = () => [...open].some(({ req }) => req.complete);
  let draining = false;
  server.prependListener('request', (_req, res: ServerResponse) => {
    open.add(res);
    onceOver(res, () => open.delete(res));
    if (draining) isLast(res);
  });
  return {
    isDraining: () => draining,

    /**
     * Takes requests for so many milliseconds more, as load balancers notice late that it is not
     * ready; then answers the open ones. Says how many it had to leave unanswered.
     */
    async drain(drainFor: number): Promise<number> {
      draining = true;
      for (const res of open) isLast(res);
      await pause(drainFor);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await Promise.race([closed, pause(LAST_ARRIVALS)]);
      const latest = Date.now() + LAST_ANSWERS;
      while (isOwing() && Date.now() < latest) await pause(100);
      return open.size;
    },
  };
};
