/** What runs after its call is gone, until the simulator is reset. */
export const createTimers = () => {
  const timers = new Set<NodeJS.Timeout>();
  return {
    /** In so many milliseconds. */
    later: (delay: number, action: () => unknown) => {
      const timer = setTimeout(() => {
        void Promise.resolve(action()).finally(() => timers.delete(timer));
      }, delay).unref();
      timers.add(timer);
    },
    /** How many have not ended yet. */
    pending: () => timers.size,
    clear: () => {
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
  };
};
export type Later = ReturnType<typeof createTimers>['later'];
