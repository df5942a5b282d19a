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
/** Lines of a log; of more, the first ones and the newest are kept. */
const MAX_LOGS = 500;
const FIRST_LOGS = 100;

const cut = (text: string, most: number) =>
  text.length <= most ? text : `${text.slice(0, most - 1)}…`;

export const asLine = (text: string) => cut(text, MAX_LINE);
export const asPhase = (text: string) => cut(text, MAX_PHASE);
export const asMessage = (text: string) => cut(text, MAX_MESSAGE);

/** The head, and of the lines below it the newest that have room. */
export const asDetails = (head: string[], lines: string[]) => {
  const top = cut(head.join('\n'), MAX_DETAILS);
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
