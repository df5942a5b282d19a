import type { Check } from '../../activities/validation/checks';
import type { ValidationStatus } from '../../src/contract/coordinator';
import { andMore, shortened } from '../protocol/lengths';
import type { Run } from '../run/report';

/** Characters of all lines together, of each list: Temporal takes results of 2 MB. */
const MAX_LISTED = 200_000;
const MAX_LINE = 1000;

/** Lines, as many as there is room for, and how many there was no room for. */
const createLines = () => {
  const lines: string[] = [];
  let listed = 0;
  let leftOut = 0;
  return {
    add: (text: string) => {
      const line = shortened(text, MAX_LINE);
      if (listed + line.length > MAX_LISTED) {
        leftOut += 1;
        return false;
      }
      listed += line.length;
      lines.push(line);
      return true;
    },
    has: (text: string) => lines.includes(shortened(text, MAX_LINE)),
    all: () =>
      leftOut > 0 ? [...lines, `${andMore(leftOut)}, for which there is no room`] : lines,
  };
};

/** What a validation finds, as its run tells it and as its status shows it. */
export const recordFor = (run: Pick<Run, 'info' | 'warn' | 'error'>) => {
  const lines = createLines();
  const errors = createLines();
  const log = { passed: run.info, failed: run.error, 'not possible': run.warn, warning: run.warn };
  const note = (verdict: Check['verdict'], text: string) => {
    if (verdict === 'failed') errors.add(text);
    if (lines.add(`${verdict}: ${text}`)) log[verdict](text);
  };
  return {
    note,
    add: (checks: Check[]) => {
      for (const { verdict, at, message } of checks) note(verdict, `${at}: ${message}`);
    },
    /** Those that say something new. */
    addOthers: (checks: Check[]) => {
      for (const { verdict, at, message } of checks)
        if (!lines.has(`${verdict}: ${at}: ${message}`)) note(verdict, `${at}: ${message}`);
    },
    status: (): ValidationStatus => ({
      status: 'COMPLETED',
      info: {
        publicInfo:
          errors.all().length === 0
            ? { valid: true }
            : { valid: false, error: { errors: errors.all() } },
        privateInfo: { checks: lines.all() },
      },
    }),
  };
};
