import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { lackingTags } from '../activities/pipeline/tags';
import { readWanted } from '../src/descriptor/adoption';
import { cronProblem } from '../src/cron/advice';
import { RequestError } from '../src/contract/problems';
import { HOUR } from '../src/descriptor/descriptor';
import { lengthOf } from '../workflows/protocol/lengths';
import { RunFilter } from '../src/contract/commands';
import { ownedName, ownerOf } from '../src/airbyte/names';
import { readPlans } from '../src/descriptor/product';
import { reverseStart } from '../src/runs/reverse-start';
import { productOf } from './support/contract/world';
import { descriptor, request } from './support/fixtures';
import type { Changes } from './support/fixtures';

const SPECIFIC = 'specific';

const problemsIn = (read: () => unknown) => {
  try {
    read();
    return [];
  } catch (err) {
    if (!(err instanceof RequestError)) throw err;
    return err.problems.map(({ path: at, message }) => `${at.replace(SPECIFIC, '')}: ${message}`);
  }
};
const problemsOf = (text: string) =>
  problemsIn(() =>
    readPlans({ ...request(text), descriptorKind: 'COMPONENT_DESCRIPTOR' as const }, []),
  );
const problemsWith = (changes: Changes) => problemsOf(descriptor(changes));

describe('names', () => {
  test.each([
    ['letters', 'n'],
    // Two units of JavaScript's, and one character of a database.
    ['emoji', '🦜'],
  ])('of a connection have 256 characters at most, of %s', (_what, letter) => {
    const named = (length: number) => problemsWith({ connection: { name: letter.repeat(length) } });
    expect(named(256)).toEqual([]);
    expect(named(257)).toEqual([
      '.connection.name: must not be longer than 256 characters, as Airbyte holds no more: it has 257',
    ]);
  });

  test.each([
    ['prefix', 'source'],
    ['namespaceFormat', 'custom_format'],
  ])('so has the %s', (field, namespaceDefinition) => {
    const given = (length: number) =>
      problemsWith({ connection: { namespaceDefinition, [field]: 'x'.repeat(length) } });
    expect(given(256)).toEqual([]);
    expect(given(257)).toEqual([
      `.connection.${field}: must not be longer than 256 characters, as Airbyte holds no more: it has 257`,
    ]);
  });

  test.each(['Orders', 'O'.repeat(300), '🦜'.repeat(300), `${'🦜'.repeat(210)}x`])(
    'of sources are shortened where they and whose they are do not fit (%#)',
    (name) => {
      const key = 'production/finance.cashflow.0.bookings';
      const owned = ownedName(name, key, '0123abcd');
      expect(ownerOf(owned)).toBe(key);
      expect(lengthOf(owned)).toBeLessThanOrEqual(255);
      // Half of an emoji would be no character.
      expect(() => encodeURIComponent(owned)).not.toThrow();
      if (lengthOf(name) > 205) expect(owned).toMatch(/…\u0020\[production\//);
      else expect(owned).toBe(`${name} [${key} #0123abcd]`);
    },
  );

  test('a name in Airbyte has 255 characters, and is whole as long as it fits', () => {
    const bracket = ' [e/d.p.0.c]';
    const longest = 'n'.repeat(255 - bracket.length);
    expect(ownedName(longest, 'e/d.p.0.c')).toBe(`${longest}${bracket}`);
    expect(ownedName(`${longest}n`, 'e/d.p.0.c')).toBe(`${longest.slice(1)}…${bracket}`);
  });
});

/** The fixture's descriptor with other names of so many characters. */
const renamed = (from: string, to: string) => descriptor().replaceAll(from, to);
const environmentOf = (length: number) => 'e'.repeat(length);
/** A key of so many characters: `<environment>/finance.cashflow.0`, and `.payments` of the component. */
const environmentFor = (length: number, rest: string) => environmentOf(length - `/${rest}`.length);
const long = (length: number) => `finance.${'p'.repeat(100)}.0.${'c'.repeat(length)}`;
const keyed = (length: number) => {
  const component = 'c'.repeat(100);
  const environment = environmentFor(length, long(100));
  return descriptor({ environment, component }).replaceAll(
    'finance:cashflow',
    `finance:${'p'.repeat(100)}`,
  );
};
const productKeyed = (length: number) => {
  const names = `finance.${'p'.repeat(100)}.${'1'.repeat(20)}`;
  return descriptor({ environment: environmentFor(length, names) }).replaceAll(
    'finance:cashflow:0',
    `finance:${'p'.repeat(100)}:${'1'.repeat(20)}`,
  );
};
const cron = (length: number) => `0 0 6 ? *${'MON'.padStart(length - '0 0 6 ? *'.length)}`;

test.each<[string, number, (length: number) => string[], RegExp]>([
  [
    'the environment',
    100,
    (length) => problemsWith({ environment: environmentOf(length) }),
    /environment: must not be longer than 100 characters/,
  ],
  ['the domain', 100, (length) => problemsOf(renamed('finance:', `${'d'.repeat(length)}:`)), /urn/],
  [
    'the product',
    100,
    (length) => problemsOf(renamed(':cashflow:', `:${'p'.repeat(length)}:`)),
    /urn/,
  ],
  [
    'the major version',
    100,
    (length) => problemsOf(renamed(':cashflow:0', `:cashflow:${'1'.repeat(length)}`)),
    /urn/,
  ],
  ['the component', 100, (length) => problemsWith({ component: 'c'.repeat(length) }), /urn/],
  [
    'all names of a component together',
    230,
    (length) => problemsOf(keyed(length)),
    /of 231 characters, and Temporal's ids have room for 230: .* by 1/,
  ],
  [
    'all names of a data product together',
    223,
    (length) =>
      problemsIn(() =>
        readPlans(
          {
            ...request(productOf(productKeyed(length))),
            descriptorKind: 'DATAPRODUCT_DESCRIPTOR' as const,
          },
          [],
        ),
      ).filter((problem) => !problem.includes('for 230')),
    /of 224 characters, and Temporal's ids have room for 223: .* by 1/,
  ],
  [
    'a tag',
    30,
    (length) => problemsWith({ connection: { tags: [{ name: 't'.repeat(length) }] } }),
    /tags.*must not be longer than 30 characters/,
  ],
  [
    'a cron expression',
    255,
    (length) => [cronProblem(cron(length)) ?? []].flat(),
    /longer than 255/,
  ],
  [
    'the name of a connection that is to be read',
    256,
    (length) => {
      const { args } = reverseStart(
        {
          useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
          environment: 'development',
          params: { connectionName: 'n'.repeat(length) },
        },
        {
          retry: { initial: 1, maxInterval: 1, giveUpAfter: 1, settleTime: 1 },
          deployment: undefined,
        },
      );
      return [JSON.stringify(args)].filter((text) => text.includes('problem'));
    },
    /must not be longer than 256 characters/,
  ],
  [
    'runs of a list',
    1000,
    (limit) => (RunFilter.safeParse({ limit }).error?.issues ?? []).map(({ message }) => message),
    /1000/,
  ],
])('%s: %i at most', (_what, most, problemsAt, problem) => {
  expect(problemsAt(most)).toEqual([]);
  expect(problemsAt(most + 1)).toContainEqual(expect.stringMatching(problem));
});

test('runs are listed of ten years, and no longer', () => {
  const tooLong = (since: string) => !RunFilter.safeParse({ since }).success;
  expect([tooLong('3650d'), tooLong('315360000001ms')]).toEqual([false, true]);
});

test('a workspace has a hundred tags, and no more', async () => {
  const withTags = (count: number) => ({
    listTags: () =>
      Promise.resolve(
        Array.from({ length: count }, (_, index) => ({
          tagId: String(index),
          workspaceId: 'w',
          name: `t${String(index)}`,
          color: '75DCFF',
        })),
      ),
  });
  expect(await lackingTags(withTags(99), [{ name: 'gdpr' }])).toEqual(['gdpr']);
  await expect(lackingTags(withTags(100), [{ name: 'gdpr' }])).rejects.toThrow(
    'Airbyte takes 100 tags a workspace, has 100, and lacks gdpr.',
  );
});

test('a file given to adopt is as large as it may be, and not a byte larger', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'provisioner-tests-'));
  const file = path.join(folder, 'descriptor.yaml');
  const read = (bytes: number) => {
    writeFileSync(file, `${descriptor()}#`.padEnd(bytes, 'x'));
    return problemsIn(() => readWanted([file], HOUR));
  };
  expect(read(2 * 1024 * 1024)).toEqual([]);
  expect(read(2 * 1024 * 1024 + 1)).toEqual([`${file}: cannot be read: it is over 2097152 bytes`]);
  rmSync(folder, { recursive: true });
});
