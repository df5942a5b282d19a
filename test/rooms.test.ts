import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import {
  FILES,
  IMPORTS,
  IMPORTS_OF_MODULES,
  ROOMS,
  breachesOf,
  roomsOf,
  targetOf,
  textOf,
} from './support/rooms';

/* The law of scripts/rooms.json. ESLint makes a rule of each room. */

/** Of the house, what each file imports, types included. */
const graph = new Map(
  [...IMPORTS].map(([file, all]) => [file, all.flatMap(({ from }) => targetOf(file, from) ?? [])]),
);

const roomOf = (file: string) => String(roomsOf(file)[0]?.room);

test('every file is in one room', () => {
  expect(FILES.length).toBeGreaterThan(450);
  expect(FILES.filter((file) => roomsOf(file).length !== 1)).toEqual([]);
});

test('rooms take from those before them in the list, and only what it says', () => {
  const order = ROOMS.map(({ room }) => room);
  const upwards = ROOMS.flatMap(({ room, takes = [], types = [] }) =>
    [...takes, ...types]
      .filter((other) => !order.includes(other) || order.indexOf(other) >= order.indexOf(room))
      .map((other) => `${room} → ${other}`),
  );
  expect(upwards).toEqual([]);

  const unlawful = FILES.flatMap((file) => breachesOf(file, textOf(file)));
  expect(unlawful).toEqual([]);
});

const arrow = (room: string, other: string) => `${room} → ${other}`;

/** Arrows between rooms that are used: for values, or for types. */
const arrowsFor = (isType: boolean) =>
  new Set(
    [...IMPORTS].flatMap(([file, all]) =>
      all
        .filter((each) => each.isType === isType)
        .flatMap(({ from }) => targetOf(file, from) ?? [])
        .map((target) => arrow(roomOf(file), roomOf(target))),
    ),
  );

test('every arrow that the list allows is used: for values, where it does not say types', () => {
  const [values, types] = [arrowsFor(false), arrowsFor(true)];
  const idle = ROOMS.flatMap(({ room, takes = [], types: typesOf = [], isFree }) => [
    ...(isFree ? [] : takes).map((other) => arrow(room, other)).filter((each) => !values.has(each)),
    ...typesOf
      .map((other) => arrow(room, other))
      .filter((each) => values.has(each) || !types.has(each)),
  ]);
  expect(idle).toEqual([]);
});

test('every package that a room may use is used there', () => {
  const idle = ROOMS.flatMap((each) => {
    const used = [...IMPORTS, ...IMPORTS_OF_MODULES]
      .filter(([file]) => roomsOf(file).some(({ room }) => room === each.room))
      .flatMap(([, all]) => all)
      .map(({ from }) => from);
    return (each.packages ?? [])
      .filter((name) => !used.some((from) => new RegExp(`^${name}$`).test(from)))
      .map((name) => arrow(each.room, name));
  });
  expect(idle).toEqual([]);
});

/** What ESLint's law of each file refuses: the first of the patterns values and types, the second values. */
const lawOf = (): Record<string, [string, string]> => {
  const script = `
    import { ESLint } from 'eslint';
    const eslint = new ESLint();
    const law = {};
    for (const file of ${JSON.stringify(FILES)}) {
      const { rules } = await eslint.calculateConfigForFile(file);
      const [, { patterns }] = rules['@typescript-eslint/no-restricted-imports'];
      law[file] = patterns.map(({ regex }) => regex);
    }
    console.log(JSON.stringify(law));`;
  const told = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return z.record(z.string(), z.tuple([z.string(), z.string()])).parse(JSON.parse(told));
};

/** As a file names another. */
const namedFrom = (file: string, target: string) => {
  const name = path.relative(path.dirname(file), target.replace(/\.ts$/, ''));
  return name.startsWith('.') ? name : `./${name}`;
};

test('ESLint lets each file import what the list says, and no other', () => {
  const law = lawOf();
  const wrong = FILES.flatMap((file) => {
    const [all, values] = (law[file] ?? []).map((regex) => new RegExp(regex));
    const [own] = roomsOf(file);
    return FILES.flatMap((target) => {
      const [other] = roomsOf(target);
      const name = namedFrom(file, target);
      const takes = other === own || own?.takes?.includes(other?.room ?? '') === true;
      const isFree = takes || own?.types?.includes(other?.room ?? '') === true;
      const isLet = { values: !all?.test(name) && !values?.test(name), types: !all?.test(name) };
      return isLet.values === takes && isLet.types === isFree ? [] : [arrow(file, target)];
    });
  });
  expect(wrong).toEqual([]);
});

test('no file imports itself by way of others, not even for a type', () => {
  const known = new Map<string, 'under way' | 'done'>();
  const circles: string[] = [];
  const visit = (file: string, trail: string[]) => {
    if (known.get(file) === 'under way')
      circles.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    if (known.has(file)) return;
    known.set(file, 'under way');
    for (const target of graph.get(file) ?? []) visit(target, [...trail, file]);
    known.set(file, 'done');
  };
  for (const file of FILES) visit(file, []);
  expect(circles).toEqual([]);
});
