import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { stringify } from 'yaml';
import { ROOT } from '../scripts/child';
import { COMPONENTS, WIZARDS, componentOf, objectOf } from './support/kit-parts';
import type { Component } from './support/kit-parts';

const POLICY = path.join(ROOT, 'kit', 'policies', 'airbyte.cue');
const CACHE = path.join(ROOT, '.cache');

/** CUE, the variable; else what .ci/run has installed; else the one on the PATH. */
const findCue = () => {
  const kept = existsSync(CACHE)
    ? readdirSync(CACHE).filter((name) => name.startsWith('cue-'))
    : [];
  const installed = kept.map((name) => path.join(CACHE, name, 'cue')).filter(existsSync);
  const candidates = [process.env.CUE ?? '', ...installed, 'cue'].filter(Boolean);
  return candidates.find((cue) => spawnSync(cue, ['version']).status === 0);
};

const cue = findCue();
const check = cue ? test : test.skip;
if (!cue)
  process.stderr.write(
    'SKIPPED: kit/policies/airbyte.cue is not checked, as there is no cue. Install it from https://cuelang.org, or name it in CUE.\n',
  );

const folder = mkdtempSync(path.join(os.tmpdir(), 'policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What cue says against a component; empty if the policy lets it pass. */
const problemsOf = (component: unknown) => {
  const file = path.join(folder, 'component.yaml');
  writeFileSync(file, stringify(component));
  const { status, stderr } = spawnSync(cue ?? '', ['vet', '-c', POLICY, file], {
    encoding: 'utf8',
  });
  return status === 0 ? '' : stderr;
};

check('the policy is laid out as cue does it', () => {
  expect(execFileSync(cue ?? '', ['fmt', '--check', '--diff', POLICY], { encoding: 'utf8' })).toBe(
    '',
  );
});

check.each(COMPONENTS)('the policy lets the example $name pass', ({ component }) => {
  expect(problemsOf(component)).toBe('');
});

check('the policy lets pass whatever the wizard makes', () => {
  for (const { name, values } of WIZARDS)
    expect({ name, problems: problemsOf(componentOf(values)) }).toEqual({ name, problems: '' });
});

const example = (file: string) =>
  COMPONENTS.find(({ name }) => name.startsWith(file))?.component ?? COMPONENTS[0]?.component;

/** Sets what is at a dotted path; undefined takes it away. */
const changed = (component: Component | undefined, at: string, value: unknown) => {
  const copy = structuredClone(component);
  const keys = at.split('.');
  const last = keys.pop() ?? '';
  const parent: unknown = keys.reduce<unknown>(
    (from, key) => Reflect.get(objectOf(from), key),
    copy,
  );
  if (value === undefined) Reflect.deleteProperty(objectOf(parent), last);
  else Reflect.set(objectOf(parent), last, value);
  return copy;
};

const SOURCE = 'specific.source.connectionConfiguration';
const DESTINATION = 'specific.destination.connectionConfiguration';

const ACCOUNT = { auth_type: 'Username and Password', password: { secretRef: 'PASSWORD' } };

const BAD: [string, string, unknown][] = [
  ['postgres-to-snowflake', 'kind', 'storage'],
  ['postgres-to-snowflake', 'id', 'urn:dmb:cmp:finance:cashflow:0'],
  ['postgres-to-snowflake', 'version', '1'],
  ['postgres-to-snowflake', 'infrastructureTemplateId', undefined],
  ['postgres-to-snowflake', 'infrastructureTemplateId', 'airbyte'],
  ['postgres-to-snowflake', 'specific', undefined],
  ['postgres-to-snowflake', 'specific.source', undefined],
  ['postgres-to-snowflake', 'specific.source.name', ' '],
  ['postgres-to-snowflake', 'specific.source.connector', 'fax'],
  ['postgres-to-snowflake', `${SOURCE}.host`, undefined],
  ['postgres-to-snowflake', `${SOURCE}.password`, 'geheim'],
  ['postgres-to-snowflake', `${SOURCE}.password`, { secretRef: 'a', value: 'geheim' }],
  ['file-https-to-snowflake', `${SOURCE}.url`, undefined],
  ['file-https-to-snowflake', `${SOURCE}.format`, 'cvs'],
  ['file-https-to-snowflake', `${SOURCE}.provider.storage`, 'local'],
  ['file-sftp-to-s3', `${SOURCE}.provider.password`, 'geheim'],
  ['file-gcs-to-bigquery', `${DESTINATION}.project_id`, undefined],
  ['postgres-to-databricks', `${DESTINATION}.schema`, 'cash-flow'],
  ['postgres-to-databricks', 'specific.destination.name', undefined],
  ['postgres-to-databricks', 'specific.destination.fabric', ''],
  ['postgres-to-databricks', 'specific.destination.fabric', 'the lakehouse'],
  ['postgres-to-databricks', 'specific.destination.fabric', 'a'.repeat(101)],
  ['file-gcs-to-snowflake-fabric', 'specific.destination.fabric', 5],
  ['file-gcs-to-snowflake-fabric', 'specific.destination.fabric', '-dev'],
  ['file-gcs-to-snowflake-fabric', 'specific.destination.fabric', 'a'.repeat(101)],
  ['file-gcs-to-snowflake-fabric', `${DESTINATION}.schema`, 'a'.repeat(256)],
  ['file-gcs-to-snowflake-fabric', `${DESTINATION}.schema`, 'CASH\nFLOW'],
  ['file-gcs-to-snowflake-fabric', `${DESTINATION}.credentials`, ACCOUNT],
  ['file-s3-to-snowflake-key-pair', 'specific.destination.fabric', 'warehouse'],
  ['file-gcs-to-bigquery', `${DESTINATION}.loading_method.credential.hmac_key_secret`, 'geheim'],
  ['file-azure-to-postgres', `${DESTINATION}.tunnel_method.ssh_key`, 'geheim'],
  ['file-s3-to-snowflake-key-pair', `${DESTINATION}.credentials.private_key`, 'geheim'],
  ['s3-to-postgres', `${SOURCE}.streams`, []],
  ['custom-to-custom', 'specific.source.definitionName', undefined],
  ['custom-to-custom', 'specific.source.definitionId', '25c5221d-dce2-4163-ade9-739ef790f503'],
  ['postgres-to-snowflake', 'specific.connection.name', undefined],
  ['postgres-to-snowflake', 'specific.connection.shedule', { scheduleType: 'manual' }],
  ['postgres-to-snowflake', 'specific.connection.schedule.cronExpression', '* 0 6 * * ?'],
  ['postgres-to-snowflake', 'specific.connection.schedule.cronExpression', '0 6 * * *'],
  ['postgres-to-snowflake', 'specific.connection.streams', []],
  ['postgres-to-snowflake', 'specific.connection.streams.0.syncMode', 'incremental'],
  ['postgres-to-snowflake', 'specific.connection.streams.0.cursorfield', 'updated_at'],
];

const GOOD: [string, string, unknown][] = [
  ['file-gcs-to-snowflake-fabric', 'specific.destination.fabric', undefined],
  ['file-gcs-to-snowflake-fabric', 'specific.destination.fabric', 'finance-dev.eu_1'],
  ['file-gcs-to-snowflake-fabric', `${DESTINATION}.schema`, undefined],
  ['file-gcs-to-snowflake-fabric', `${DESTINATION}.schema`, 'Übung ${x}'],
  ['file-gcs-to-snowflake-fabric', DESTINATION, undefined],
  ['postgres-to-databricks', 'specific.destination.fabric', undefined],
  ['postgres-to-databricks', `${DESTINATION}.schema`, null],
  ['postgres-to-databricks', DESTINATION, undefined],
];

check.each(GOOD)('the policy lets %s pass with %s as %j', (file, at, value) => {
  expect(problemsOf(changed(example(file), at, value))).toBe('');
});

check.each(BAD)('the policy refuses %s with %s as %j', (file, at, value) => {
  const good = example(file);
  expect(problemsOf(changed(good, at, value))).not.toBe('');
});
