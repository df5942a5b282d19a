import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../../../scripts/child';

/* What each operation asks a fabric for: the lines of the fabrics' fault table. */

export const SYSTEMS = ['snowflake', 'databricks'] as const;
export type System = (typeof SYSTEMS)[number];

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
  'undo of an unprovision with removeData',
] as const;
export type Operation = (typeof OPERATIONS)[number];

export const isUndo = (operation: Operation) => operation.startsWith('undo');
export const isRemoval = (operation: Operation) => operation.includes('unprovision');

/**
 * Of a run that nothing else befalls. `$ROLE` is the component's role, `$TAG` its tag; of Databricks the name
 * of a call, and on what it is.
 */
const Asked = z.object({
  statement: z.string(),
  /** For each time that it comes: how many calls that the same fault fits come before. */
  at: z.array(z.number()),
});
export type Asked = z.output<typeof Asked>;

const FILE = path.join(ROOT, 'test', 'fixtures', 'fabric-calls.json');
const Declared = z.record(z.string(), z.array(Asked));

const declared = z.record(z.enum(SYSTEMS), Declared).parse(JSON.parse(readFileSync(FILE, 'utf8')));

export const declaredCalls = (system: System, operation: Operation): Asked[] =>
  declared[system][operation] ?? [];

/** Those that a system has: one that takes nothing else away than data has no undo of the rest. */
export const operationsOf = (system: System) =>
  OPERATIONS.filter((operation) => declaredCalls(system, operation).length > 0);

/** Writes down what the operations ask for now: rows are made of it. One system after the other, as all are in one file. */
export const declareCalls = (system: System, operation: Operation, calls: Asked[]) => {
  declared[system][operation] = calls;
  writeFileSync(FILE, `${JSON.stringify(declared, undefined, 2)}\n`);
};

/** One call, and what a fault that is to befall it fits, too. */
export interface Seen {
  statement: string;
  target: string;
}

/** In the order of coming; `begins` many calls come before what it is about. */
export const askedIn = (calls: Seen[], begins = 0): Asked[] => {
  const counts = new Map<string, number>();
  const asked = new Map<string, number[]>();
  for (const [index, { statement, target }] of calls.entries()) {
    const before = counts.get(target) ?? 0;
    counts.set(target, before + 1);
    if (index >= begins) asked.set(statement, [...(asked.get(statement) ?? []), before]);
  }
  return [...asked].map(([statement, at]) => ({ statement, at }));
};

export interface Call {
  system: System;
  operation: Operation;
  statement: string;
  /** The submission, or the first look whether it is done. */
  of: 'submission' | 'look';
  writes: boolean;
  /** It is a token that is asked for. */
  isToken: boolean;
  /** Which time in the operation, where it comes more than once. */
  which: string;
  /** How many calls that the same fault fits have come before. */
  skip: number;
}

const LOOKS: Record<System, RegExp> = {
  snowflake: /^(SHOW|SELECT) /,
  databricks: /^(get|list|issue)/,
};
export const isLook = (system: System, statement: string) => LOOKS[system].test(statement);

const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth'];
const nth = (index: number) => ORDINALS[index] ?? `${String(index + 1)}th`;

/**
 * A look is most of all repeated: when a step begins, and when it sees that all is done. What changes
 * something is meant each time.
 */
export const callsOf = (system: System, operation: Operation): Call[] =>
  declaredCalls(system, operation).flatMap(({ statement, at }): Call[] => {
    const writes = !isLook(system, statement);
    const call: Omit<Call, 'skip' | 'which'> = {
      system,
      operation,
      statement,
      writes,
      isToken: /^(issueToken|getOAuthEndpoints)/.test(statement),
      of: 'submission',
    };
    const times = at.map((skip, index) => ({
      ...call,
      skip,
      which: at.length === 1 ? '' : index === at.length - 1 ? 'last' : nth(index),
    }));
    if (!writes) return times.filter((_time, index) => index === 0 || index === at.length - 1);
    // Databricks answers when it is done.
    return system === 'snowflake'
      ? times.flatMap((time) => [time, { ...time, of: 'look' as const }])
      : times;
  });

export const labelOf = ({ statement, of, which }: Call) =>
  `${statement}${of === 'look' ? ', whether it is done' : ''}${which === '' ? '' : `, the ${which}`}`;
