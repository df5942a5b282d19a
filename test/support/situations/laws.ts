import { isDeepStrictEqual } from 'node:util';
import type { EntityKind } from '../faults/calls';
import { differencesOf, digestOf, fieldOf, hasDigits, KINDS } from './state';
import type { Difference, State } from './state';
import type { Played, Wish, World } from './world';
import type { SituationEnd } from './situation';

/*
 * What must hold whatever an operation came upon: nothing is told that is not so, nothing differs
 * that is not told, and no secret is where it was not given to.
 */

/** Of what a status names, that which concerns a component; only data products say whose it is. */
const linesOf = (given: Played, key: 'leftBehind' | 'undone', component: string) => {
  const lines = [given.status.info?.privateInfo[key] ?? []].flat();
  const [, second = ''] = Object.keys(given.before.parts);
  const isSeconds = (line: string) => line.startsWith(`${second}: `);
  return lines.filter((line) => isSeconds(line) === (component === second));
};

/** Whether a line names what differs: the entity, and of it the field, or the place of the secret. */
const names = (line: string, { kind, at }: Difference) => {
  if (kind === 'access') return line.includes('the access of ');
  const isWhole = at === 'gone' || at === 'twice';
  const isPart = kind === 'connection' ? !isWhole : /password|secret/.test(at);
  return line.includes(`the ${kind} "`) && (!isPart || line.includes(at));
};

/** Whether the run failed as it found the entity gone, before it wrote to it. */
const isToldGone = ({ status }: Played, { kind, at }: Difference) =>
  at === 'gone' && new RegExp(`Airbyte has the ${kind} "[^"]*" no more`).test(status.result);

/** Without digits, which are judged apart. */
const changesIn = ({ before, after }: Played) =>
  differencesOf(before, after).filter(({ at }) => at !== 'digits');

const tell = (given: Played, { component, kind, at }: Difference) => {
  const isSecond = Object.keys(given.before.parts).indexOf(component) === 1;
  return `${isSecond ? 'two: ' : ''}${kind} ${at}`;
};

/** The whole entity named is as good as its only secret, unless only the secret differs. */
const namingFlaws = (given: Played, { isRemoval, end }: Judged) => {
  const changes = changesIn(given);
  const left = Object.keys(given.before.parts).map((component, index) => ({
    lines: linesOf(given, 'leftBehind', component),
    changes: changes.filter(
      (each) => each.component === component || (each.kind === 'access' && index === 0),
    ),
  }));
  const isWholeNamed = (lines: string[], { kind }: Difference) =>
    changes.filter((each) => each.kind === kind && !/password|secret/.test(each.at)).length > 0 &&
    lines.some((line) => line.includes(`the ${kind} "`));
  return left.flatMap((part) => {
    const unnamed = part.changes.filter(
      (each) =>
        !isToldGone(given, each) &&
        !part.lines.some((line) => names(line, each)) &&
        (each.kind === 'connection' || !isWholeNamed(part.lines, each)),
    );
    // An unprovision names what is still there; a secret that nobody can prove may be the former one.
    const vain = part.lines.filter((line) => {
      const about = (kind: EntityKind) => line.includes(`${kind} "`);
      const isAccess = line.includes('the access of ');
      return !part.changes.some(({ kind }) => (kind === 'access' ? isAccess : about(kind)));
    });
    return [
      ...unnamed.map((each) => `differs and is not named: ${tell(given, each)}`),
      ...(isRemoval || end.unproven
        ? []
        : vain.map((line) => `named as left behind, and as before: ${line}`)),
      ...part.lines
        .filter((line) => !given.status.result.includes(line))
        .map((line) => `not in the result: ${line}`),
    ];
  });
};

const WRITES = {
  source: /^(put|update)Source$/,
  destination: /^(put|update)Destination$/,
  connection: /^(patch|update)Connection$/,
};

/** Put back is what was compared: it is as before, and it had been written. */
const undoneFlaws = (given: Played) => {
  const isWritten = (kind: EntityKind) =>
    given.calls.some(
      ({ operation, status }) =>
        WRITES[kind].test(operation ?? '') && (kind === 'connection' || (status ?? 200) < 400),
    );
  return Object.keys(given.before.parts).flatMap((component) =>
    KINDS.flatMap((kind) => {
      const isTold = linesOf(given, 'undone', component).some(
        (line) => line.includes(`the ${kind} "`) && line.includes('put back as it was'),
      );
      const differs = changesIn(given).some(
        (each) => each.component === component && each.kind === kind,
      );
      if (!isTold) return [];
      return [
        ...(differs ? [`told as put back, and differs: ${kind}`] : []),
        ...(isWritten(kind) ? [] : [`told as put back, and never written: ${kind}`]),
      ];
    }),
  );
};

/** The digits in a name prove its secrets: they stay where these are proved, and only there. */
const digitFlaws = ({ before, after }: Played, { unproven }: SituationEnd) => {
  const all = differencesOf(before, after);
  const sameEntity = (one: Difference) =>
    all.filter(({ component, kind }) => component === one.component && kind === one.kind);
  const isPart = ({ at }: Difference) => at.startsWith('configuration.');
  const isDigits = ({ at }: Difference) => at === 'digits';
  const lost = all.filter((each) => isDigits(each) && !sameEntity(each).some(isPart));
  const hadDigits = ({ component, kind }: Difference) =>
    kind !== 'access' && before.parts[component]?.[kind].some(hasDigits) === true;
  const kept = all.filter(
    (each) => isPart(each) && hadDigits(each) && !sameEntity(each).some(isDigits),
  );
  return [
    ...(unproven ? [] : lost.map(({ kind }) => `the ${kind} is as before, without its digits`)),
    ...kept.map(({ kind }) => `the ${kind} differs, and has the digits of before`),
  ];
};

const formerSecrets = ({ before }: Played, field: string) =>
  Object.values(before.parts).flatMap(({ source, destination }) =>
    [...source, ...destination].map((row) => digestOf(String(fieldOf(row, field)))),
  );

const secretFlaws = (world: World, given: Played) =>
  given.calls.flatMap(({ operation, secrets }) =>
    secrets.flatMap(({ field, sent, sha256, host }) => {
      const where = `${operation ?? ''} ${field}`;
      if (sha256 === null) return [`${where}: asterisks were stored`];
      if (sent === 'value')
        return world.isGiven(sha256, host) ? [] : [`${where}: a secret went to ${host ?? '?'}`];
      const isFormer = formerSecrets(given, field).includes(sha256);
      return isFormer ? [] : [`${where}: asterisks keep what is not the former secret`];
    }),
  );

const leakFlaws = (world: World, { status }: Played) => {
  const text = JSON.stringify(status) + world.harness.logs();
  return world.allValues().some((value) => text.includes(value)) ? ['a secret was told'] : [];
};

/** How a pipeline differs from what a request wants, with the secrets of today. */
export const wantedFlaws = (world: World, { parts }: State, wish: Wish): string[] => {
  const part = parts[world.component];
  const ends = wish.instead ? [] : (['source', 'destination'] as const);
  const wrong = ends.filter((kind) => {
    const { host, secret } = { ...wish[kind] };
    const name = secret ?? (kind === 'source' ? 'ERP' : 'MART');
    const row = part?.[kind][0];
    const isHost = host === undefined || fieldOf(row, 'host') === host;
    return !isHost || name === 'FORBIDDEN' || fieldOf(row, 'password') !== world.valueOf(name);
  });
  return [
    ...KINDS.flatMap((kind) =>
      part?.[kind].length === 1 ? [] : [`there are ${String(part?.[kind].length)} ${kind}s`],
    ),
    ...wrong.map((kind) => `the ${kind} is not as wanted`),
  ];
};

export const nothingFlaws = (world: World, { parts }: State) =>
  KINDS.filter((kind) => parts[world.component]?.[kind].length !== 0).map(
    (kind) => `the ${kind} is still there`,
  );

const endFlaws = (given: Played, end: SituationEnd) => {
  const differs = changesIn(given)
    .filter(({ kind }) => !(end.access && kind === 'access'))
    .map((each) => tell(given, each))
    .sort();
  if (end.differs === 'named' || isDeepStrictEqual(differs, [...(end.differs ?? [])].sort()))
    return [];
  return [`differs from before: ${differs.join(', ') || 'nothing'}`];
};

const leftFlaws = (world: World, given: Played, { end, good }: Judged) => {
  const { after, status } = given;
  if (status.status !== end.status) return [`ended ${status.status}`];
  if (end.access && !isDeepStrictEqual(after.access, end.access))
    return [`access is "${after.access.join(', ')}"`];
  if (end.leaves === 'wanted') return wantedFlaws(world, after, good);
  return end.leaves === 'nothing' ? nothingFlaws(world, after) : endFlaws(given, end);
};

interface Judged {
  end: SituationEnd;
  /** What a completed run leaves. */
  good: Wish;
  isRemoval: boolean;
}

/** Everything that is wrong with what came of an operation. */
export const flawsOf = (world: World, given: Played, judged: Judged): string[] => {
  const { end } = judged;
  const writes = given.calls.filter(({ changes }) => changes).map(({ operation }) => operation);
  const isTooMuch = end.unwritten && writes.length > 0;
  const ofFailure = () => [
    ...namingFlaws(given, judged),
    ...undoneFlaws(given),
    ...digitFlaws(given, end),
  ];
  return [
    ...leftFlaws(world, given, judged),
    ...(given.status.status === 'FAILED' ? ofFailure() : []),
    ...secretFlaws(world, given),
    ...leakFlaws(world, given),
    ...(isTooMuch ? [`wrote ${writes.join(', ')}`] : []),
  ];
};
