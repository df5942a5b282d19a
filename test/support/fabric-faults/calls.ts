import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../../../scripts/child';

/* What each operation asks the fabric for: the lines of the fabrics' fault table. */

export const OPERATIONS = [
  'first provision',
  'schema moves',
  'grants taken away by hand',
  'access grows',
  'access shrinks',
  'unprovision',
  'unprovision with removeData',
  'undo of a first provision',
  'undo of a moved schema',
  'undo of access',
  'undo of an unprovision',
] as const;
export type Operation = (typeof OPERATIONS)[number];

export const isUndo = (operation: Operation) => operation.startsWith('undo');

/** Of a run that nothing else befalls. `$ROLE` is the component's role, `$TAG` its tag. */
const Asked = z.object({
  statement: z.string(),
  /** How often it comes before what the operation is about: before the undo, where it is one. */
  before: z.number(),
  /** How often it comes then. */
  count: z.number(),
});
export type Asked = z.output<typeof Asked>;

const FILE = path.join(ROOT, 'test', 'fixtures', 'fabric-calls.json');
const Declared = z.record(z.string(), z.array(Asked));

const declared = Declared.parse(JSON.parse(readFileSync(FILE, 'utf8')));

export const declaredCalls = (operation: Operation): Asked[] => declared[operation] ?? [];

/** Writes down what the operations ask for now: rows are made of it. */
export const declareCalls = (operation: Operation, calls: Asked[]) => {
  declared[operation] = calls;
  const all = Object.fromEntries(OPERATIONS.map((each) => [each, declaredCalls(each)]));
  writeFileSync(FILE, `${JSON.stringify(all, undefined, 2)}\n`);
};

/** In the order of coming; `before` many statements come before what it is about. */
export const askedIn = (statements: string[], before = 0): Asked[] => {
  const earlier = statements.slice(0, before);
  const meant = statements.slice(before);
  const count = (all: string[], statement: string) =>
    all.filter((each) => each === statement).length;
  return [...new Set(meant)].map((statement) => ({
    statement,
    before: count(earlier, statement),
    count: count(meant, statement),
  }));
};

export interface Call {
  operation: Operation;
  statement: string;
  /** The submission, or the first look whether it is done. */
  of: 'submission' | 'look';
  writes: boolean;
  /** The first time in the operation, or the last: where it comes more than once. */
  which: '' | 'first' | 'last';
  /** How often it has come before. */
  skip: number;
}

const isLook = (statement: string) => /^(SHOW|SELECT) /.test(statement);

/** A look is most of all repeated: when a step begins, and when it sees that all is done. */
export const callsOf = (operation: Operation): Call[] =>
  declaredCalls(operation).flatMap(({ statement, before, count }): Call[] => {
    const writes = !isLook(statement);
    const call: Call = { operation, statement, writes, of: 'submission', which: '', skip: before };
    if (writes) return [call, { ...call, of: 'look' }];
    if (count === 1) return [call];
    return [
      { ...call, which: 'first' },
      { ...call, which: 'last', skip: before + count - 1 },
    ];
  });

export const labelOf = ({ statement, of, which }: Call) =>
  `${statement}${of === 'look' ? ', whether it is done' : ''}${which === '' ? '' : `, the ${which}`}`;
