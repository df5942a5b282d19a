import { describeProblem, RequestError } from '../src/contract/problems';
import { calledBy, principalsBut, PrincipalsSettings } from '../src/fabrics/principals';
import { isEverybody } from '../src/fabrics/snowflake/sql/names';
import { createReader } from '../src/reading/reader';
import { readYaml } from '../src/reading/yaml';

/* How users and groups of Witboost are called in a fabric. */

const read = (given: unknown) => PrincipalsSettings.parse(given);

const problemsOf = (given: unknown): string[] => {
  const reader = createReader(readYaml(JSON.stringify(given), 'file'), {
    name: 'file',
    solutions: [],
  });
  reader.read(PrincipalsSettings, given, []);
  const error = reader.problems.length > 0 ? reader.requestError() : undefined;
  return error instanceof RequestError ? error.problems.map(describeProblem) : [];
};

const JANE = 'user:Jane.Doe_example.com';
const mail = 'jane.doe@example.com';

test.each<[string, unknown, string, unknown]>([
  ['a user is his mail', undefined, JANE, { kind: 'user', name: mail }],
  [
    'an underscore before the last is his',
    undefined,
    'user:a_b_x.org',
    { kind: 'user', name: 'a_b@x.org' },
  ],
  ['a group is its name', undefined, 'group:Data Eng', { kind: 'group', name: 'Data Eng' }],
  [
    'a template has parts',
    { strategy: 'template', user: '{local}@corp.{DOMAIN}' },
    JANE,
    { kind: 'user', name: 'jane.doe@corp.EXAMPLE.COM' },
  ],
  [
    'a template of groups',
    { strategy: 'template', group: 'WB_{NAME}' },
    'group:eng',
    { kind: 'group', name: 'WB_ENG' },
  ],
  [
    'what a name has is no template',
    { strategy: 'template', group: 'X_{name}' },
    'group:{name}$&',
    { kind: 'group', name: 'X_{name}$&' },
  ],
  [
    'a table knows mails in any case',
    { strategy: 'table', users: { 'Jane.Doe@Example.com': 'JDOE' } },
    JANE,
    { kind: 'user', name: 'JDOE' },
  ],
  [
    'a table does not know all',
    { strategy: 'table' },
    JANE,
    { problem: `${mail} is not in the fabric's table of users (principals.users)` },
  ],
  [
    'a table has no prototype',
    { strategy: 'table' },
    'group:constructor',
    { problem: "constructor is not in the fabric's table of groups (principals.groups)" },
  ],
  [
    'another kind',
    undefined,
    'service:x',
    {
      problem:
        '"service:x" is neither a Witboost user nor a group: user:name.surname_domain.tld, group:name',
    },
  ],
  [
    'no domain',
    undefined,
    'user:jane',
    {
      problem: '"user:jane" cannot be matched to a mail: it has no underscore before the domain',
    },
  ],
])('%s', (_case, settings, ref, expected) => {
  expect(calledBy(read(settings), ref)).toEqual(expected);
});

test.each<[string, unknown, RegExp]>([
  ['a strategy that there is not', { strategy: 'magic' }, /^strategy.*identity, template/],
  [
    'a part that there is not',
    { strategy: 'template', user: '{surname}' },
    /^user.*has \{surname\}; there are \{mail\}/,
  ],
  [
    'a template that is all the same',
    { strategy: 'template', user: 'JANE' },
    /^user.*must have one of/,
  ],
  [
    'half a brace',
    { strategy: 'template', group: '{name}}' },
    /^group.*a brace without its other half/,
  ],
  [
    'a key of another strategy',
    { strategy: 'identity', users: { a: 'b' } },
    /^users.*is not known here/,
  ],
  [
    'a table that is too long',
    {
      strategy: 'table',
      groups: Object.fromEntries(Array.from({ length: 5001 }, (_, n) => [`g${String(n)}`, 'G'])),
    },
    /^groups.*may have 5000 entries/,
  ],
])('refused: %s', (_case, given, problem) => {
  expect(problemsOf(given)).toEqual([expect.stringMatching(problem)]);
});

test('a table has 5,000 entries', () => {
  const groups = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`g${String(n)}`, 'G']));
  expect(problemsOf({ strategy: 'table', groups })).toEqual([]);
});

test.each(['PUBLIC', 'public', ' Public ', '"PUBLIC"'])(
  'a table of Snowflake’s roles that has %j is refused at its path: it is everybody',
  (name) => {
    const groups = { eng: 'ENG', all: name };
    const read = principalsBut(isEverybody).safeParse({ strategy: 'table', groups });
    expect(read.error?.issues.map(({ path, message }) => [path.join('.'), message])).toEqual([
      ['groups.all', `must not be ${name}, which stands for everybody`],
    ]);
    const users = { 'jane.doe@example.com': name };
    expect(principalsBut(isEverybody).safeParse({ strategy: 'table', users }).success).toBe(true);
  },
);
