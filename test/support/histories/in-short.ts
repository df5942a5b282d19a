import type { Recordings } from './recordings';

/* Of runs that are told ids and digests; those recorded before hold whole entities. */

const changed = { url: 'https://files.example.invalid/changed.csv', database: 'changed' };

export const RECORDINGS: Recordings = {
  'in-short-provision-unchanged': async (harness) => {
    await harness.resetAirbyte();
    await harness.run('provision');
    return harness.start('provision');
  },
  'in-short-provision-restored': async (harness) => {
    await harness.resetAirbyte();
    await harness.run('provision');
    await harness.fault({ operation: 'patchConnection', status: 422, commit: true });
    return harness.start('provision', { ...changed, connection: { prefix: 'refused_' } });
  },
  'in-short-unprovision-clear-put-back': async (harness) => {
    await harness.resetAirbyte();
    const { info } = await harness.run('provision');
    await harness.airbyte('PATCH', `/connections/${String(info?.privateInfo.connectionId)}`, {
      status: 'inactive',
    });
    await harness.fault({ operation: 'createJob', status: 403 });
    return harness.start('unprovision', {}, { removeData: true });
  },
};
