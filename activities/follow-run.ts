import { attempt } from './attempt';
import { Waiting, nextLook } from './waiting';

/** Waiting for runs. `isRunning` asks Temporal whether the newest run of a workflow id goes on. */
export const createRunActivities = ({
  isRunning,
}: {
  isRunning: (workflowId: string) => Promise<boolean>;
}) => ({
  /** Ends when no run of the token goes on. */
  followRun: ({ token }: { token: string }) =>
    attempt(async ({ age }) => {
      if (!(await isRunning(token))) return;
      throw new Waiting(`The run ${token} goes on`, {
        delay: nextLook(age),
        solution: 'Send the request again when that run has ended.',
      });
    }),
});
export type RunActivities = ReturnType<typeof createRunActivities>;
