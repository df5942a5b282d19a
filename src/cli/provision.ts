import type { Command } from 'commander';
import { ProvisioningStatus } from '../contract/coordinator';
import type { Log } from '../contract/coordinator';
import { asked, onFile, withShared } from './engineer';
import type { EngineerDeps, Shared } from './engineer';

const hasEnded = ({ status }: ProvisioningStatus) =>
  status !== 'RUNNING' && status !== 'TERMINATING';

const lineOf = ({ timestamp, level, message }: Log) =>
  `${timestamp.slice(11, 19)} ${level === 'INFO' ? '' : `${level} `}${message}`;

/** Tells the log as it grows. A status without one is of a moment in which no worker told it. */
const createTail = (say: (text: string) => void) => {
  let last: Log | undefined;
  return ({ logs = [] }: ProvisioningStatus) => {
    const seen = logs.findLastIndex(
      ({ timestamp, message }) => timestamp === last?.timestamp && message === last.message,
    );
    for (const entry of logs.slice(seen + 1)) say(lineOf(entry));
    last = logs.at(-1) ?? last;
  };
};

/** `provisioner provision`: as the Coordinator does, and waits for how it ends. */
export const addProvisionCommand = (program: Command, deps: EngineerDeps) => {
  const { print, say, exitWith } = deps;
  withShared(program.command('provision'), '30m')
    .description('make the pipeline as the descriptor says, and tell the log as it goes')
    .argument('<file>', 'a descriptor, of a component or of a data product')
    .action(async (file: string, options: Shared, command: Command) => {
      const gateway = asked(options, { command, ...deps });
      const { json } = options;
      await onFile(file, { ...deps, json }, async ({ request }) => {
        const token = await gateway.start('/v1/provision', request);
        say(`Run: ${token}`);
        const end = await gateway.follow('/v1/provision', token, {
          schema: ProvisioningStatus,
          hasEnded,
          see: createTail(json ? say : print),
        });
        print(json ? JSON.stringify({ token, ...end }, null, 2) : `\n${end.status}\n${end.result}`);
        exitWith(end.status === 'COMPLETED' ? 0 : 1);
      });
    });
};
