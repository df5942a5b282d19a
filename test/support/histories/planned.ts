import type { Recordings } from './recordings';
import { eventually } from '../harness';
import { descriptor, request } from '../fixtures';
import type { Changes } from '../fixtures';
import type { Harness } from '../harness';

/* Of plans, and of runs that are told what their steps have met before they are cancelled. */

const plan = async (harness: Harness, changes: Changes) => {
  const text = descriptor({ environment: harness.environment, ...changes });
  return (await harness.post('/v1/plan', request(text))).text;
};

export const RECORDINGS: Recordings = {
  'plan-of-a-new-one': (harness) => plan(harness, { component: 'foreseen' }),
  'plan-of-changes': async (harness) => {
    await harness.run('provision', { component: 'foreseen' });
    return plan(harness, { component: 'foreseen', database: 'another' });
  },
  'plan-refused': (harness) =>
    plan(harness, { component: 'foreseen', connection: { streams: [{ name: 'nowhere' }] } }),
  'interrupted-provision-cancelled': async (harness) => {
    await harness.fault({ operation: 'createConnection', status: 503, times: 0 });
    const token = await harness.start('provision', { component: 'interrupted' });
    await eventually(
      async () => (await harness.calls('createConnection')).length > 1 || undefined,
      'the second try',
    );
    await harness.cli('runs', 'cancel', token);
    return token;
  },
};
