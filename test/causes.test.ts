import { streamProblems } from '../activities/problems/streams';
import { badEnd } from '../activities/pipeline/jobs';
import { describeProblem } from '../src/contract/problems';
import { causeOf } from '../src/operator/cause';

/* Problems that differ only in names, ids and numbers are one line of `runs list --by-cause`. */

const columns = (...names: string[]) => ({ propertyFields: names.map((name) => [name]) });

type Wanted = Parameters<typeof streamProblems>[0];

/** What a run says of streams that are not as the source has them: the last of several. */
const problemOf = (wanted: Wanted, offered: Parameters<typeof streamProblems>[1]) =>
  streamProblems(wanted, offered).map(describeProblem).at(-1) ?? '';

const wanted = (name: string, more: Partial<Wanted[number]> = {}): Wanted[number] => ({
  name,
  syncMode: 'full_refresh_overwrite',
  ...more,
});

const stream = (name: string, namespace: string) => ({ name, namespace, ...columns('id', 'day') });

/** The same problem of a source, of which the names are other ones. */
const ofStreams = {
  'an unknown stream': (name: string) =>
    problemOf([wanted(`a ${name}`), wanted(`no ${name}`)], [stream(name, 'public')]),
  'a namespace that is not told': (name: string) =>
    problemOf([wanted(name)], [stream(name, `a_${name}`), stream(name, `b_${name}`)]),
  'a namespace that is another': (name: string) =>
    problemOf([wanted(name, { namespace: `x_${name}` })], [stream(name, `a_${name}`)]),
  'an unknown column': (name: string) =>
    problemOf([wanted(name, { selectedFields: [`c_${name}`] })], [stream(name, 'public')]),
  'a mode that is not offered': (name: string) =>
    problemOf(
      [wanted(name, { syncMode: 'incremental_append', cursorField: ['day'] })],
      [{ ...stream(name, 'public'), syncModes: ['full_refresh_append'] }],
    ),
  'a stream that is chosen twice': (name: string) =>
    problemOf([wanted(name), wanted(name)], [stream(name, 'public')]),
};

test.each(Object.entries(ofStreams))('%s is one cause, whatever the names', (_case, problem) => {
  const causes = ['orders', 'Bank bookings of 2026'].map((name) => causeOf(problem(name)));
  expect(causes[0]).toBe(causes[1]);
  expect(causes[0]).toMatch(/^specific\.connection\.streams\[…\]\.\w+: ./);
  expect(problem('orders')).not.toBe(problem('ledger'));
});

const job = { status: 'failed', jobType: 'sync', startTime: '' };
const ID = '6f1c3c5e-0000-4000-8000-00000000000';

test.each([
  [
    'Airbyte answered 403',
    'Airbyte answered 403 to POST /connections for the connection "A": no.',
    `Airbyte answered 403 to DELETE /destinations/${ID}1 (tried 3 times).`,
  ],
  [
    'Airbyte answered 401',
    'Airbyte answered 401 to GET /workspaces.',
    'finance.cashflow.0.bookings: Airbyte answered 401 to POST /sources for the source "S".',
  ],
  [
    "The first sync, Airbyte's job …, ended failed.",
    badEnd({ ...job, jobId: 101 }, 'The first sync'),
    badEnd({ ...job, jobId: 7 }, 'The first sync'),
  ],
  [
    'Airbyte answered 422 to POST /sources for the source "…": the port … is closed.',
    'Airbyte answered 422 to POST /sources for the source "A": the port 5432 is closed.',
    'Airbyte answered 422 to POST /sources for the source "B": the port 5433 is closed.',
  ],
  [
    'Another component of the data product failed: ….',
    'Another component of the data product failed: finance.cashflow.0.bookings.',
    'Another component of the data product failed: finance.cashflow.0.ledger.',
  ],
  [
    'The step followClear never began: no worker was free for it in time.',
    'The step followClear (Clear the data of A (old)) never began: no worker was free for it in time.',
    'The step followClear (Clear the data of B) never began: no worker was free for it in time.',
  ],
  [
    'Airbyte takes … tags a workspace, has …',
    'Airbyte takes 100 tags a workspace, has 99, and lacks gold, silver.',
    'Airbyte takes 100 tags a workspace, has 100, and lacks bronze.',
  ],
  [
    'The run has gone on for longer than 26 hours.',
    'The run has gone on for longer than 26 hours.',
    'The run has gone on for longer than 26 hours.',
  ],
])('%s', (cause, one, other) => {
  expect([causeOf(one), causeOf(other)]).toEqual([cause, cause]);
});

test.each([
  ['Airbyte answered 422 to POST /sources: a.', 'Airbyte answered 400 to POST /sources: a.'],
  ['Airbyte answered 403 to POST /sources.', 'Airbyte answered 401 to POST /sources.'],
  [ofStreams['an unknown stream']('a'), ofStreams['an unknown column']('a')],
])('%s is not for the cause of %s', (one, other) => {
  expect(causeOf(one)).not.toBe(causeOf(other));
});
