import { candidateOf, homonymsOf, judge } from '../activities/pipeline/adoption';
import type { Surroundings } from '../activities/pipeline/adoption';
import { isObstacle } from '../activities/pipeline/adoption-obstacles';
import { readDescriptor } from '../src/descriptor/descriptor';
import { descriptor } from './support/fixtures';

/* What is told of pipelines in a shared workspace: another team's components have no names here. */

const { plan } = readDescriptor({
  descriptorKind: 'COMPONENT_DESCRIPTOR',
  descriptor: descriptor(),
});
const NAME = plan.connection.name;
const OTHER = 'development/marketing.secretlaunch.0.leads';
const KIN = 'development/finance.ledger.0.books';

const teamOf = (key: string) => /\/(\w+)\./.exec(key)?.[1];

const actor = (id: string, name: string) => ({
  id,
  name,
  definitionId: 'd',
  workspaceId: 'w',
  configuration: {},
});
const connection = (id: string, sourceId: string, name = NAME) => ({
  id,
  name,
  sourceId,
  destinationId: 'shared',
  schedule: { scheduleType: 'manual' as const },
  status: 'active' as const,
  configurations: { streams: [] },
});

const given = (connections: Surroundings['connections'], teams = true): Surroundings => ({
  plan,
  own: {},
  connections,
  policy: 'adopt',
  hrefOf: (at) => at,
  ...(teams && { teamOf }),
});

test('a connection of another team’s component is told of without its name', () => {
  const owners = new Map([
    ['theirs', OTHER],
    ['kin', KIN],
  ]);
  const all = [connection('c-theirs', 'theirs'), connection('c-kin', 'kin')];
  const told = (connections: typeof all, teams = true) =>
    homonymsOf(given(connections, teams), (id) => owners.get(id)) ?? '';
  expect(told(all.slice(0, 1))).toMatch(/another team's connection/);
  for (const text of [told(all), told(all.slice(0, 1))])
    expect(text).not.toMatch(/marketing|c-theirs/);
  expect(told(all)).toContain(KIN);
  expect(told(all, false)).toContain(OTHER);
});

test.each(['source', 'destination'] as const)(
  'a %s of another team’s is told of without its name',
  (kind) => {
    const one = connection('c', 'source');
    const reason = (owner: string, teams = true, policy: 'adopt' | 'refuse' = 'adopt') => {
      const around = { ...given([one], teams), policy };
      const candidate = candidateOf(around, () => undefined);
      if (!candidate || isObstacle(candidate)) throw new Error('There is no candidate.');
      const ends = { source: actor('source', 'S'), destination: actor('shared', 'D') };
      const judged = judge(
        candidate,
        { ...ends, [kind]: { ...ends[kind], name: `Theirs [${owner}]` } },
        { ...around, definitionIds: {} },
      );
      return isObstacle(judged) ? judged.problem + judged.solution : '';
    };
    for (const policy of ['adopt', 'refuse'] as const) {
      expect(reason(OTHER, true, policy)).toContain("another team's component");
      expect(reason(OTHER, true, policy)).not.toMatch(/marketing|Theirs/);
      expect(reason(KIN, true, policy)).toContain(KIN);
      expect(reason(OTHER, false, policy)).toContain(OTHER);
    }
  },
);

test('who else uses what is shared is counted, not named', () => {
  const one = connection('c', 'source');
  const all = [one, connection('c-theirs', 'theirs', 'Secret launch')];
  const reason = (teams: boolean) => {
    const around = given(all, teams);
    const candidate = candidateOf(around, () => undefined);
    if (!candidate || isObstacle(candidate)) throw new Error('There is no candidate.');
    const ends = { source: actor('source', 'S'), destination: actor('shared', 'D') };
    const judged = judge(candidate, ends, { ...around, definitionIds: {} });
    return isObstacle(judged) ? judged.problem : '';
  };
  expect(reason(true)).toContain('is used by 1 other connections too');
  expect(reason(true)).not.toContain('Secret launch');
  expect(reason(false)).toContain('Secret launch');
});
