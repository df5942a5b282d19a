import type { ProvisioningStatus } from '../../src/contract/coordinator';
import { andMore, shortened } from '../protocol/lengths';
import { inOneLine } from '../protocol/one-line';

/*
 * What a run tells goes into its history, its memo and the answers of the gateway: none of it is longer
 * than this, whatever Airbyte, a descriptor or a failure says.
 */

/** Characters of a line of the log, and of each problem and solution. */
const MAX_LINE = 4000;
/** Characters of the phase, which is in the memo and in lists. */
const MAX_PHASE = 500;
/** Characters of a failure's own message, which is not compressed; its details have all of it. */
const MAX_MESSAGE = 20_000;
/** Characters of what the Temporal UI shows of a run that goes on. */
const MAX_DETAILS = 20_000;
/** Characters of a value of `publicInfo`, which updateacl is given again (src/descriptor/access-request.ts). */
export const MAX_VALUE = 4000;
/** Lines of a log; of more, the first ones and the newest are kept. */
const MAX_LOGS = 500;
const FIRST_LOGS = 100;
/** Characters of what a data product repeats of a component, whose own run tells all of it. */
const MAX_REPEATED = 1000;
/** Characters of why something was left behind; the log has all of it. */
const MAX_REASON = 300;
/** Characters of all lines that a data product repeats of its components' logs. */
const MAX_REPEATED_LOGS = 500_000;

/**
 * Characters, as JSON, of the status in the memo of a cancelled run. Unlike a result it is in every
 * list of runs, and in Temporal's index.
 */
const MAX_STATUS = 64_000;
/** Of these those of the result, of the ids, and of each list beside them. The log has the rest. */
const MAX_RESULT = 16_000;
const MAX_IDS = 16_000;
const MAX_LIST = 4000;

export const asLine = (text: string) => shortened(inOneLine(text), MAX_LINE);
export const asPhase = (text: string) => shortened(inOneLine(text), MAX_PHASE);
/** In a bracket behind what it is about. */
export const asReason = (text: string) => shortened(inOneLine(text).replace(/\.$/, ''), MAX_REASON);
export const asMessage = (text: string) => shortened(text, MAX_MESSAGE);
export const asRepeated = (text: string) => shortened(text, MAX_REPEATED);

const sizeOf = (value: unknown) => JSON.stringify(value).length + 1;

/** The first of them that have room. */
const firstOf = <Item>(
  items: Item[],
  most: number,
  size: (item: Item) => number = sizeOf,
): Item[] => {
  let room = most;
  const end = items.findIndex((item) => (room -= size(item)) < 0);
  return end < 0 ? items : items.slice(0, end);
};

/** The first lines of components that a data product has room for. */
export const asRepeatedLogs = <Entry extends { message: string }>(entries: Entry[]): Entry[] =>
  firstOf(entries, MAX_REPEATED_LOGS, ({ message }) => message.length);

/** The first names that have room among the values of `publicInfo`, and how many more there are. */
export const asNames = (names: string[], count: number) => {
  const more = (shown: number) => `, ${andMore(count - shown)}`;
  const room = MAX_VALUE - more(0).length;
  // Between two of them is a comma and a space.
  const first = firstOf(names, room + 2, ({ length }) => length + 2);
  return `${first.join(', ')}${count > first.length ? more(first.length) : ''}`;
};

const linesIn = (lines: string[], most: number) => {
  const first = firstOf(
    lines.map((line) => shortened(line, most / 4)),
    most,
  );
  const left = lines.length - first.length;
  return left === 0 ? first : [...first, andMore(left)];
};

/** What of a status goes into a memo: all of it, or else the beginning of each part and the end of the log. */
export const asMemo = (status: ProvisioningStatus): ProvisioningStatus => {
  if (sizeOf(status) <= MAX_STATUS) return status;
  const { info, logs = [], result, ...rest } = status;
  const entries = Object.entries(info?.privateInfo ?? {});
  const ids = entries.filter(([, value]) => typeof value === 'string');
  const lists = entries.flatMap(([key, value]): [string, string[]][] =>
    typeof value === 'string' ? [] : [[key, linesIn(value, MAX_LIST)]],
  );
  const privateInfo = Object.fromEntries([...firstOf(ids, MAX_IDS), ...lists]);
  const short = {
    ...rest,
    result: linesIn(result.split('\n'), MAX_RESULT).join('\n'),
    info: { publicInfo: {}, privateInfo },
  };
  const newest = firstOf(logs.toReversed(), MAX_STATUS - sizeOf(short) - MAX_PHASE);
  return { ...short, logs: newest.toReversed() };
};

/** The head, and of the lines below it the newest that have room. */
export const asDetails = (head: string[], lines: string[]) => {
  const top = shortened(head.join('\n'), MAX_DETAILS);
  let room = MAX_DETAILS - top.length;
  const from = lines.findLastIndex((line) => (room -= line.length + 1) < 0) + 1;
  return [top, ...lines.slice(from)].join('\n');
};

/** Adds to a log; one line in its middle tells how many are left out. */
export const createLog = <Entry extends { message: string }>() => {
  const entries: Entry[] = [];
  let leftOut = 0;
  return {
    entries,
    add: (entry: Entry) => {
      entries.push({ ...entry, message: asLine(entry.message) });
      if (entries.length <= MAX_LOGS) return;
      leftOut += leftOut === 0 ? 2 : 1;
      const message = `${String(leftOut)} lines are left out here.`;
      entries.splice(FIRST_LOGS, 2, { ...entry, message });
    },
  };
};
