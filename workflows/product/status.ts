import type { Info, Log, ProvisioningStatus } from '../../src/contract/coordinator';
import type { FailureDetails } from '../protocol/failure-details';
import { asRepeated, asRepeatedLogs } from '../run/limits';
import { section } from '../run/ending';
import type { Member } from './children';
import type { Run } from '../run/report';

type Logging = Pick<Run, 'logs'>;

/** With more, those that say no more than that something went well are left out, and of the rest the last. */
const MAX_LOGS = 500;

/** A component's name may have dashes, or begin with a digit; keys of publicInfo may not. */
const prefixFor = (component: string) => {
  const letters = component.replace(/[^A-Za-z0-9]/g, '_');
  return /^[A-Za-z]/.test(letters) ? letters : `c${letters}`;
};

/** One for each component; of two that differ in a dash only the later ones get a number. */
const prefixesOf = (members: Member[]) => {
  const taken = new Set<string>();
  return members.map(({ component }) => {
    const name = prefixFor(component);
    let prefix = name;
    for (let n = 2; taken.has(prefix); n += 1) prefix = `${name}_${String(n)}`;
    taken.add(prefix);
    return prefix;
  });
};

const publicInfoOf = (members: Member[]): Info['publicInfo'] => {
  const prefixes = prefixesOf(members);
  const entries = members.flatMap(({ component, status }, index) =>
    Object.entries(status?.info?.publicInfo ?? {}).map(([key, entry]): [string, typeof entry] => [
      `${prefixes[index] ?? ''}_${key}`,
      { ...entry, label: `${component}: ${entry.label}` },
    ]),
  );
  return Object.fromEntries(entries);
};

/** Ids, each as `<component>.<key>`. */
const idsOf = (members: Member[]): Record<string, string> =>
  Object.fromEntries(
    members.flatMap(({ component, status }) =>
      Object.entries(status?.info?.privateInfo ?? {}).flatMap(([key, value]) =>
        typeof value === 'string' ? [[`${component}.${key}`, value]] : [],
      ),
    ),
  );

const unique = (lines: string[]) => [...new Set(lines)];

const linesOf = (members: Member[], key: 'undone' | 'leftBehind') =>
  members.flatMap(({ component, status }) =>
    [status?.info?.privateInfo[key] ?? []].flat().map((what) => `${component}: ${what}`),
  );

/** What to do about what members have left, where they could tell. */
const remediesOf = (members: Member[]) =>
  members
    .map(({ status }) => status?.info?.privateInfo ?? {})
    .filter(({ leftBehind = [] }) => leftBehind.length > 0)
    .flatMap(({ solutions = [] }) => [solutions].flat().map(asRepeated));

const logsOf = (members: Member[], run: Logging): Log[] => {
  const theirs = members.flatMap(({ component, status }) =>
    (status?.logs ?? []).map((log) => ({ ...log, message: `${component}: ${log.message}` })),
  );
  const isMuch = theirs.length > MAX_LOGS;
  const repeated = theirs.filter(
    ({ level }) => !isMuch || level === 'WARNING' || level === 'ERROR',
  );
  return [...run.logs, ...asRepeatedLogs(repeated.slice(0, MAX_LOGS))].toSorted((a, b) =>
    a.timestamp.localeCompare(b.timestamp),
  );
};

/** The status of a data product whose components are all as wanted. */
export const completedStatus = (
  members: Member[],
  run: Logging,
  result: string,
): ProvisioningStatus => {
  // What of a removal stays, as a fabric could not have it taken away.
  const leftBehind = linesOf(members, 'leftBehind');
  const left = { leftBehind, solutions: unique(remediesOf(members)) };
  return {
    status: 'COMPLETED',
    result: [
      result,
      ...members.map(
        ({ component, status }) => `${component}: ${asRepeated(status?.result ?? '')}`,
      ),
    ].join('\n'),
    info: {
      publicInfo: publicInfoOf(members),
      privateInfo: { ...idsOf(members), ...(leftBehind.length > 0 && left) },
    },
    logs: logsOf(members, run),
  };
};

interface Failed {
  members: Member[];
  run: Logging;
  what: 'provisioned' | 'unprovisioned';
  status: 'FAILED' | 'TERMINATED';
  /** Why the run itself ended, if not for a component. */
  reason: FailureDetails | undefined;
  leftBehind: string[];
}

/** The status of a data product of which not all is as wanted: what went wrong, and how each ended. */
export const failedStatus = ({
  members,
  run,
  what,
  status,
  reason,
  leftBehind,
}: Failed): ProvisioningStatus => {
  const culprits = members.filter(({ state }) => state === 'failed');
  const problems = [
    ...(reason ? [reason.problem] : []),
    ...culprits.map(
      ({ component, problem }) => `${component}: ${asRepeated(problem?.problem ?? '')}`,
    ),
  ];
  const solutions = unique([
    ...(reason ? [reason.solution] : []),
    ...culprits.map(({ problem }) => asRepeated(problem?.solution ?? '')),
    ...remediesOf(members),
  ]);
  const undone = linesOf(members, 'undone');
  const left = [...linesOf(members, 'leftBehind'), ...leftBehind];
  return {
    status,
    result: [
      `The data product was not ${what}. ${problems.join(' ')}`,
      `What to do: ${solutions.join(' ')}`,
      ...section('Undone', undone),
      // In Airbyte or in a fabric: the members say which.
      ...section('Left behind', left),
      ...members.map(({ component, state }) => `${component}: ${state}`),
    ].join('\n'),
    info: {
      publicInfo: {},
      privateInfo: { ...idsOf(members), problems, solutions, undone, leftBehind: left },
    },
    logs: logsOf(members, run),
  };
};
