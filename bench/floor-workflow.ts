import { proxyActivities } from '@temporalio/workflow';

export interface FloorActivities {
  nothing: () => Promise<void>;
}

const { nothing } = proxyActivities<FloorActivities>({
  scheduleToCloseTimeout: '1m',
  heartbeatTimeout: '10s',
});

/** Five activities in the arrangement of workflows/pipeline/provision.ts, with nothing in them. */
export async function floor(): Promise<void> {
  await nothing();
  await Promise.all([nothing(), nothing()]);
  await nothing();
  await nothing();
}
