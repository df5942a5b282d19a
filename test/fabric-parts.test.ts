import { linesOf } from '../activities/fabric/things';
import { CallError } from '../src/contract/call-error';
import { Refusal } from '../src/contract/problems';
import { LASTING } from '../src/concurrency/interest';
import { checkEach, checkInOrder, failed, isLetIn, passed } from '../src/fabrics/checks';
import type { Entries } from '../src/fabrics/checks';
import type { Check } from '../src/fabrics/fabric';
import { completedStatus } from '../workflows/product/status';
import { closingTagOf, domainOf, domainTagOf, isTagged, keyIn, tagOf } from '../src/fabrics/tags';

/* What fabrics of all types share, without any. */

const KEY = 'dev/fin.cashflow.0.orders';

test('a tag tells whose something is, and other comments nothing', () => {
  expect(keyIn(tagOf(KEY))).toBe(KEY);
  expect(isTagged('provisioner:a\nb')).toBe(true);
  for (const comment of [undefined, '', 'provisioner:', 'x provisioner:a', 'Provisioner:a']) {
    expect(keyIn(comment)).toBeUndefined();
    expect(isTagged(comment)).toBe(false);
  }
});

test('what a domain shares has a tag that is none of its components’, also while it is removed', () => {
  expect(domainTagOf(KEY)).toBe('provisioner:dev/fin');
  expect(domainTagOf('dev/fin.other.1.x')).toBe(domainTagOf(KEY));
  expect(domainTagOf('dev/finance.cashflow.0.orders')).not.toBe(domainTagOf(KEY));
  expect(closingTagOf(KEY)).toBe('provisioner:dev/fin (being removed)');
  expect([domainOf(KEY), domainOf('no key')]).toEqual(['dev/fin', 'no key']);
});

test('things are told by their names, those of older histories as they were called, grants together', () => {
  const grant = { kind: 'grant' as const, what: 'USAGE on the schema A.B for the role R' };
  expect(
    linesOf([
      grant,
      { kind: 'schema', name: 'A.B', what: 'the schema A.B' },
      { kind: 'role', what: 'the role R' },
      grant,
    ]),
  ).toEqual([
    { kind: 'schema', name: 'A.B' },
    { kind: 'role', name: 'the role R' },
    { kind: 'grant', name: '2 grants', each: [grant.what, grant.what] },
  ]);
  expect(linesOf([grant])).toEqual([{ kind: 'grant', name: grant.what }]);
});

test('a data product that is unprovisioned tells what of its components is left, and what to do', () => {
  const left = { leftBehind: ['the database D (why)'], solutions: ['Empty it.'] };
  const done = (component: string, privateInfo: Record<string, string[]>) => ({
    component,
    state: 'done' as const,
    status: {
      status: 'COMPLETED' as const,
      result: `Of ${component}.`,
      info: { publicInfo: {}, privateInfo },
    },
  });
  const told = (...members: ReturnType<typeof done>[]) =>
    completedStatus(members, { logs: [] }, 'Done.');
  const { result, info } = told(done('one', left), done('other', {}), done('third', left));
  expect(result).toBe('Done.\none: Of one.\nother: Of other.\nthird: Of third.');
  expect(info?.privateInfo).toEqual({
    leftBehind: ['one: the database D (why)', 'third: the database D (why)'],
    solutions: ['Empty it.'],
  });
  expect(told(done('other', {})).info?.privateInfo).toEqual({});
});

const step = { id: 'check', interest: LASTING };
const failing = (err: Error) => () => Promise.reject(err);

test('what keeps a look from its answer is the answer, and keeps no other from its own', async () => {
  const again = new CallError('No answer.', { kind: 'again', solution: 'Wait.' });
  const refused = new CallError('Not let in.', { kind: 'refused', solution: 'Ask.' });
  expect(
    await checkEach(
      [
        ['a', failing(again)],
        ['b', failing(refused)],
        ['c', failing(new Refusal('It cannot be.', 'Change it.'))],
        ['d', () => passed('It is there.')],
      ],
      step,
    ),
  ).toEqual([
    { name: 'a', outcome: 'failed', message: 'No answer.', solution: 'Wait.', mayPass: true },
    { name: 'b', outcome: 'failed', message: 'Not let in.', solution: 'Ask.' },
    { name: 'c', outcome: 'failed', message: 'It cannot be.', solution: 'Change it.' },
    { name: 'd', outcome: 'passed', message: 'It is there.' },
  ]);
});

test('a mistake of ours is no answer, nor is the end of who asked', async () => {
  await expect(checkEach([['a', failing(new TypeError('ours'))]], step)).rejects.toThrow('ours');
  const left = new AbortController();
  left.abort(new Error('left'));
  const interest = { ...LASTING, cancelled: left.signal };
  const look = failing(new Refusal('It cannot be.', 'Change it.'));
  await expect(checkEach([['a', look]], { ...step, interest })).rejects.toThrow('left');
});

test('who is let in is known before what is behind is looked at, and is told first', async () => {
  const named = (name: string, outcome: Check['outcome']): Check => ({
    name,
    outcome,
    message: '',
  });
  const entries: Entries[] = [];
  const found = await checkInOrder(
    {
      manager: () => Promise.resolve([named('connection', 'passed')]),
      airbyte: () => Promise.resolve([named('connection of Airbyte', 'failed')]),
      behind: (given) => {
        entries.push(given);
        return [
          ['warehouse', () => passed('')],
          ['catalog', () => failed('', '')],
        ];
      },
    },
    step,
  );
  expect(found.map(({ name }) => name)).toEqual([
    'connection',
    'connection of Airbyte',
    'warehouse',
    'catalog',
  ]);
  expect(entries.map(({ manager, airbyte }) => [isLetIn(manager), isLetIn(airbyte)])).toEqual([
    [true, false],
  ]);
  expect(isLetIn([])).toBe(false);
});
