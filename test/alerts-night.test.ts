import { commandsOf, promtool, withPrometheus } from './support/alerts';
import { eventually } from './support/harness';
import { startWatched } from './support/watched';
import type { Watched } from './support/watched';

/* A page at night: with the commands of docs/runbook.md, as they stand there, and no others. */

const ALERT = 'ProvisionerAirbyteFails';

/** Longer than several scrapes: what fails between two of them is seen by none. */
const GIVE_UP_AFTER = '15s';

let world: Watched;
beforeAll(async () => {
  if (promtool) world = await startWatched({ AIRBYTE_GIVE_UP_AFTER: GIVE_UP_AFTER });
});
afterAll(async () => {
  if (promtool) await world.stop();
});

withPrometheus(
  'Airbyte breaks, somebody is woken, finds the runs and begins them again, and sleeps',
  async () => {
    const { harness, prometheus, runbook } = world;
    expect((await harness.run('provision', { component: 'before' })).status).toBe('COMPLETED');
    await prometheus.untilQuiet();

    await harness.fault({ operation: '*', status: 503, times: 0 });
    const names = ['bookings', 'ledger', 'payments'];
    const tokens = await Promise.all(
      names.map((component) => harness.start('provision', { component })),
    );
    expect(await prometheus.untilFiring(ALERT)).toMatch(/^Airbyte does not do \d+.*% of/);
    for (const token of tokens) expect((await harness.finished(token)).status).toBe('FAILED');
    await prometheus.untilFiring('ProvisionerRunsGaveUp');

    const found = await eventually(async () => {
      const said = await runbook(ALERT, 0);
      return /^3 +0 .*Airbyte answered 503/m.test(said) ? said : undefined;
    }, 'the failed runs in Temporal’s list');
    expect(found).toContain('Airbyte answers its health at /api/public/v1 with 503.');

    await harness.clearFaults();
    expect(commandsOf(ALERT)).toHaveLength(2);
    const replayed = await runbook(ALERT, 1);
    for (const token of tokens) {
      expect(replayed).toMatch(new RegExp(`^would be replayed +${token}`, 'm'));
      expect(replayed).toMatch(new RegExp(`^replayed +COMPLETED +${token}`, 'm'));
    }
    expect((await harness.entities()).connections).toHaveLength(names.length + 1);
    await prometheus.untilQuiet();
  },
);
