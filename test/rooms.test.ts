import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { ROOT } from '../scripts/child';
import rooms from '../scripts/rooms.json';

/* The house, as its files import each other. ESLint makes a rule of each room in scripts/rooms.json. */

interface Room {
  room: string;
  files?: string[];
  purpose: string;
  takes?: string[];
  types?: string[];
}
const ROOMS: Room[] = rooms;

const files = ['src', 'workflows', 'activities', 'simulator'].flatMap((top) =>
  readdirSync(path.join(ROOT, top), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => path.join(top, file)),
);

const has = ({ room, files: given }: Room, file: string) =>
  given
    ? given.some((glob) => new RegExp(`^${glob.replace('*', '[^/]+')}$`).test(file))
    : file.startsWith(`${room}/`);

const roomsOf = (file: string) => ROOMS.filter((room) => has(room, file));

/** Of the house, what a file imports, types included. */
const importsOf = (file: string) =>
  ts
    .preProcessFile(readFileSync(path.join(ROOT, file), 'utf8'))
    .importedFiles.flatMap(({ fileName }) => {
      if (!fileName.startsWith('.')) return [];
      const target = path.join(path.dirname(file), fileName);
      return [`${target}.ts`, `${target}/index.ts`].filter((each) => files.includes(each));
    });

const graph = new Map(files.map((file) => [file, importsOf(file)]));

test('every file is in one room', () => {
  expect(files.length).toBeGreaterThan(250);
  expect(files.filter((file) => roomsOf(file).length !== 1)).toEqual([]);
});

test('rooms take from those above them in the list, and only what it says', () => {
  const order = ROOMS.map(({ room }) => room);
  const upwards = ROOMS.flatMap(({ room, takes = [], types = [] }) =>
    [...takes, ...types]
      .filter((other) => !order.includes(other) || order.indexOf(other) >= order.indexOf(room))
      .map((other) => `${room} → ${other}`),
  );
  expect(upwards).toEqual([]);

  const unlawful = files.flatMap((file) => {
    const [own] = roomsOf(file);
    const free = new Set([own?.room, ...(own?.takes ?? []), ...(own?.types ?? [])]);
    return (graph.get(file) ?? [])
      .filter((target) => !free.has(roomsOf(target)[0]?.room))
      .map((target) => `${file} → ${target}`);
  });
  expect(unlawful).toEqual([]);
});

test('every arrow that the list allows is used', () => {
  const used = new Set(
    files.flatMap((file) =>
      (graph.get(file) ?? []).map(
        (target) => `${String(roomsOf(file)[0]?.room)} → ${String(roomsOf(target)[0]?.room)}`,
      ),
    ),
  );
  const allowed = ROOMS.flatMap(({ room, takes = [], types = [] }) =>
    [...takes, ...types].map((other) => `${room} → ${other}`),
  );
  expect(allowed.filter((arrow) => !used.has(arrow))).toEqual([]);
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
  for (const file of files) visit(file, []);
  expect(circles).toEqual([]);
});
