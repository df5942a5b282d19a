import type { Actor, Airbyte, Definition, Kind } from '../../src/airbyte/workspace';
import type { Plan } from '../../src/descriptor/descriptor';
import { describeProblem, Refusal } from '../../src/contract/problems';
import type { Problem } from '../../src/contract/problems';
import { firstFew } from '../../workflows/protocol/lengths';
import { AirbyteError } from '../../src/airbyte/errors';
import { isRefused } from '../../src/contract/call-error';
import { closest, someOf } from '../../src/reading/suggestions';
import { checkSpecification, withPlatforms } from './specification';

const noSuchDefinition = (kind: Kind, name: string, definitions: Definition[]) => {
  const names = definitions.map((definition) => definition.name);
  const meant = closest(name, names);
  return new Refusal(
    `specific.${kind}.definitionName: Airbyte has no ${kind} connector "${name}"${meant === undefined ? '' : `; did you mean "${meant}"?`}`,
    `Write the exact name of a connector that this Airbyte has, or its definitionId: it has ${someOf(names, name)}.`,
  );
};

const noSuchId = (kind: Kind, id: string, definitions: Definition[]) =>
  new Refusal(
    `specific.${kind}.definitionId: Airbyte has no ${kind} connector ${id}`,
    `Write the definitionId, or the exact definitionName, of a connector that this Airbyte has: it has ${someOf(
      definitions.map(({ name }) => name),
      '',
    )}.`,
  );

/** Lists of definitions, for as long as the client that fetched them is in use: one activity. */
const lists = new WeakMap<Airbyte, Map<Kind, Promise<Definition[]>>>();

const definitionsOf = (airbyte: Airbyte, kind: Kind) => {
  const known = lists.get(airbyte) ?? new Map<Kind, Promise<Definition[]>>();
  lists.set(airbyte, known);
  const list = known.get(kind) ?? airbyte.listDefinitions(kind);
  known.set(kind, list);
  return list;
};

/**
 * Refuses the id of a connector that is not there, and tells what is, before anything is made of it.
 * An Airbyte that shows no list judges it itself.
 */
export const mustBeKnown = async (airbyte: Airbyte, kind: Kind, id: string) => {
  const definitions = await definitionsOf(airbyte, kind).catch((err: unknown) => {
    if (isRefused(err)) return undefined;
    throw err;
  });
  if (definitions && !definitions.some((one) => one.id.toLowerCase() === id.toLowerCase()))
    throw noSuchId(kind, id, definitions);
};

/** The id of the definition a plan names; a custom connector's name is looked up. */
export const definitionIdOf = async (
  airbyte: Airbyte,
  kind: Kind,
  plan: Plan['source'] | Plan['destination'],
): Promise<string> => {
  if (plan.connector !== 'custom') return plan.definitionId;
  if (plan.definitionId !== undefined) return plan.definitionId;
  const { definitionName: wanted = '' } = plan;
  const definitions = await definitionsOf(airbyte, kind);
  const [found, another] = definitions.filter(({ name }) => name === wanted);
  if (found && !another) return found.id;
  if (!found) throw noSuchDefinition(kind, wanted, definitions);
  throw new Refusal(
    `specific.${kind}.definitionName: Airbyte has more than one ${kind} connector "${wanted}"`,
    `Write the definitionId instead, for example ${found.id} or ${another?.id ?? ''}.`,
  );
};

/** Airbyte cannot change the connector of what is there. */
export const mustBeOfConnector = (
  kind: Kind,
  before: Actor,
  { definitionId }: Pick<Actor, 'definitionId'>,
) => {
  if (before.definitionId === definitionId) return;
  throw new Refusal(
    `The ${kind} "${before.name}" is of another connector than the descriptor asks for.`,
    `Unprovision the component, then deploy it again: Airbyte cannot change a ${kind}'s connector.`,
  );
};

const namedIn = (problems: Problem[]) => firstFew(problems.map(describeProblem)).join('; ');

type Planned = Plan['source'] | Plan['destination'];

/** An Airbyte that serves no specification checks a configuration itself, when it is written. */
const servedTo = async (
  airbyte: Airbyte,
  kind: Kind,
  definitionId: string,
  { connector }: Planned,
) => {
  try {
    return await airbyte.specificationOf(kind, definitionId);
  } catch (err) {
    // The schemas of our own connectors have been held against the descriptor already.
    if (err instanceof AirbyteError && connector !== 'custom') return undefined;
    throw err;
  }
};

/**
 * Refuses a configuration that the connector's own specification does not accept, with every problem
 * and its path.
 */
export const mustMeetSpecification = async (
  airbyte: Airbyte,
  kind: Kind,
  { wanted, plan }: { wanted: Completed; plan: Planned },
) => {
  const specification = await servedTo(airbyte, kind, wanted.definitionId, plan);
  if (!specification) return;
  const configuration = withPlatforms(plan.configuration, wanted.configuration);
  const at = ['specific', kind, 'connectionConfiguration'];
  const problems = checkSpecification(specification, configuration, at);
  if (problems.length === 0) return;
  throw new Refusal(
    `The connector does not take this configuration. ${namedIn(problems)}.`,
    'Correct the descriptor at the paths named above; Airbyte shows what the connector takes when it is set up by hand.',
  );
};

interface Completed {
  definitionId: string;
  configuration: Record<string, unknown>;
}
