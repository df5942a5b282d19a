import type { Command } from 'commander';
import { Document, Scalar, visit } from 'yaml';
import { z } from 'zod';
import { ReverseProvisioningStatus } from '../contract/coordinator';
import type { Log } from '../contract/coordinator';
import { isRecord } from '../contract/json';
import { RequestError } from '../contract/problems';
import { forTerminal } from '../../workflows/protocol/one-line';
import { asked, withShared } from './engineer';
import type { EngineerDeps, Shared } from './engineer';

/** How the paths of updates begin, in either of their forms (REVERSE_PROVISIONING_UPDATES). */
const SPECIFIC = 'spec.mesh.specific.';

type Parts = Record<string, Record<string, unknown>>;

/** `specific` of a component, from the fields that a reverse provisioning has read. */
const specificIn = (updates: Record<string, unknown>) => {
  if (isRecord(updates.parameters)) return updates.parameters;
  const parts: Parts = {};
  for (const [path, value] of Object.entries(updates)) {
    if (!path.startsWith(SPECIFIC)) continue;
    const [part = '', ...field] = path.slice(SPECIFIC.length).split('.');
    parts[part] = { ...parts[part], [field.join('.')]: value };
  }
  return parts;
};

const comment = ({ message }: Log) => `# ${message.replaceAll(/\s*\n\s*/g, ' ')}`;

/**
 * What a terminal is shown otherwise is written in quotes, in which YAML reads the escape as what it was:
 * the file that is made of it says the same.
 */
const documentOf = (specific: object, logs: Log[]) => {
  const document = new Document({ specific });
  visit(document, {
    Scalar: (_key, scalar) => {
      if (typeof scalar.value === 'string' && forTerminal(scalar.value) !== scalar.value)
        scalar.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return [...logs.map(comment), document.toString({ lineWidth: 0 }).trimEnd()].join('\n');
};

const wantedOf = (connection: string) =>
  z.guid().safeParse(connection).success
    ? { connectionId: connection }
    : { connectionName: connection };

const refused = (logs: Log[]) =>
  new RequestError(
    logs
      .filter(({ level }) => level === 'ERROR')
      .map(({ message }) => ({ path: 'connection', message })),
    { solutions: [] },
  );

/** `provisioner describe`: the descriptor that a connection in Airbyte stands for. */
export const addDescribeCommand = (program: Command, deps: EngineerDeps) => {
  const { print, exitWith } = deps;
  withShared(program.command('describe'), '2m')
    .description('print as YAML what a component’s specific would be for a connection of Airbyte')
    .argument('<connection>', 'its id or its exact name')
    .action(async (connection: string, options: Shared, command: Command) => {
      const gateway = asked(options, { command, ...deps });
      const path = '/v1/reverse-provisioning';
      const token = await gateway.start(path, {
        useCaseTemplateId: 'provisioner-describe',
        environment: 'describe',
        params: wantedOf(connection),
      });
      const {
        status,
        updates,
        logs = [],
      } = await gateway.follow(path, token, {
        schema: ReverseProvisioningStatus,
        hasEnded: (one) => one.status !== 'RUNNING',
      });
      if (status === 'FAILED') throw refused(logs);
      const specific = specificIn(updates);
      print(
        options.json
          ? JSON.stringify({ specific, notes: logs.map(({ message }) => message) }, null, 2)
          : documentOf(specific, logs),
      );
      exitWith(0);
    });
};
