import type { Command } from 'commander';
import ms from 'ms';
import { patienceText } from '../contract/durations';
import { RequestError } from '../contract/problems';
import { hasUser, NO_USER } from '../contract/urls';
import { readDescriptorFile } from '../descriptor/file';
import type { DescriptorFile } from '../descriptor/file';
import { createGateway } from './gateway';
import type { Gateway } from './gateway';
import { placed, withLine } from './places';
import type { Terminal } from './tables';

/* What the commands of who writes descriptors have in common: the gateway, the file, how long. */

/** Nothing went wrong, but with --exit-code there is something to do. */
export const TO_DO = 3;
/** It is not known: the gateway or Temporal does not answer, or the run has not ended in time. */
export const UNKNOWN = 4;

export interface EngineerDeps extends Terminal {
  /** Where the gateway is, unless --gateway says otherwise. */
  gatewayUrl: string;
  /** Whom it knows the caller by; undefined: by nothing. */
  gatewayToken?: string | undefined;
}

export interface Shared {
  gateway?: string;
  timeout: string;
  json?: boolean;
}

export const withShared = (command: Command, timeout: string) =>
  command
    .option('--gateway <url>', 'the gateway, with its base path (default: PROVISIONER_URL)')
    .option('--timeout <duration>', 'how long the answer is waited for', timeout)
    .option('--json', 'print one JSON document instead of text')
    .addHelpText(
      'after',
      `\nEnds with 0: fine, 1: failed or refused, 2: wrong usage, ${String(UNKNOWN)}: not known, as nobody answered in time.`,
    );

const problemOf = (url: string) => {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) return 'must be an http(s) URL';
  return hasUser(url) ? `${NO_USER}: PROVISIONER_TOKEN tells who you are` : undefined;
};

/** The gateway and how long it is waited for; else the command ends as one that was wrongly used. */
export const asked = (
  { gateway, timeout }: Shared,
  {
    command,
    gatewayUrl,
    gatewayToken,
  }: Pick<EngineerDeps, 'gatewayUrl' | 'gatewayToken'> & { command: Command },
): Gateway => {
  const patience = patienceText.safeParse(timeout);
  if (!patience.success)
    return command.error(`error: --timeout ${patience.error.issues[0]?.message ?? ''}`);
  const url = gateway ?? gatewayUrl;
  const problem = problemOf(url);
  if (problem) return command.error(`error: --gateway ${problem}`);
  return createGateway(url, { token: gatewayToken, timeout: ms(patience.data) });
};

/** Work on a file; what is refused is told with the places in the file, then what to do. */
export const onFile = async (
  file: string,
  { json, print, say, exitWith }: Terminal & { json: boolean | undefined },
  work: (given: DescriptorFile) => Promise<void>,
): Promise<void> => {
  let given: DescriptorFile | undefined;
  try {
    given = readDescriptorFile(file);
    await work(given);
  } catch (err) {
    if (!(err instanceof RequestError) || !(given ?? json)) throw err;
    const problems = err.problems.map((problem) => (given ? withLine(given, problem) : problem));
    if (json) print(JSON.stringify({ refused: true, problems }, null, 2));
    else {
      for (const problem of problems) print(placed({ file }, problem));
      for (const solution of err.solutions) say(solution);
    }
    exitWith(1);
  }
};
