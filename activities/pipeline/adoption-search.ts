import type { Airbyte } from '../../src/airbyte/workspace';
import { OddEntity } from '../../src/airbyte/errors';
import type { Plan } from '../../src/descriptor/descriptor';
import { componentIn } from '../../src/airbyte/names';
import { Refusal } from '../../src/contract/problems';
import type { WholeFound } from './step-answers';
import { masked } from '../comparison/differences';
import { definitionIdOf } from '../problems/definitions';
import { byHint } from '../unclear-answers';
import { candidateOf, homonymsOf, judge } from './adoption';
import type { AdoptExisting, Surroundings } from './adoption';
import { isObstacle } from './adoption-obstacles';
import type { Obstacle } from './adoption-obstacles';

/* Looking for a pipeline that a component takes over. */

/** Sources asked for one by one; for more the list is the shorter way. */
const FEW = 3;

interface AdoptionSearchDeps {
  hrefOf: (path: string) => string;
  adoptExisting: AdoptExisting;
  teamOf?: Surroundings['teamOf'];
}

/** Only a component without a pipeline as wanted looks at what else there is. */
const isSettled = ({ connection, destination }: WholeFound, { connection: wanted }: Plan) =>
  connection?.name === wanted.name &&
  connection.destinationId === destination?.id &&
  [undefined, connection.id].includes(wanted.adopt);

/** Of an odd form or not: its name says whose it is. */
const namedOnly = (err: unknown) => {
  if (err instanceof OddEntity) return err.entity;
  throw err;
};

const ownersOf = async (airbyte: Airbyte, sourceIds: string[]) => {
  const one = async (id: string) => byHint(airbyte.getActor('source', id)).catch(namedOnly);
  const actors =
    sourceIds.length > FEW
      ? await airbyte.listActors('source')
      : await Promise.all(sourceIds.map(one));
  const known = actors.filter((actor) => actor !== undefined);
  return new Map(known.map(({ id, name }) => [id, componentIn(name)]));
};

const asFailure = ({ at, problem, solution }: Obstacle) =>
  new Refusal(`specific.${at}: ${problem}.`, solution);

/**
 * What a component finds, with the pipeline that it takes over, if there is one. What may not be
 * taken over, and is in the way, is refused before anything is written.
 */
export const createAdoptionSearch =
  ({ hrefOf, adoptExisting: policy, teamOf }: AdoptionSearchDeps) =>
  async (airbyte: Airbyte, found: WholeFound, plan: Plan): Promise<WholeFound> => {
    if (isSettled(found, plan)) return found;
    // One that slips from page to page could be the very one that shares a source.
    const connections = await airbyte.listConnections({ until: () => false });
    const given: Surroundings = { plan, own: found, connections, policy, hrefOf, teamOf };
    const namesakes = connections.filter(({ name }) => name === plan.connection.name);
    const sources = [...new Set(namesakes.map(({ sourceId }) => sourceId))];
    const owners = await ownersOf(airbyte, sources);
    const ownerOf = (sourceId: string) => owners.get(sourceId);
    const homonyms = homonymsOf(given, ownerOf);
    const warnings =
      homonyms === undefined ? {} : { warnings: [`specific.connection.name: ${homonyms}`] };
    const candidate = candidateOf(given, ownerOf);
    if (!candidate) return { ...found, ...warnings };
    if (isObstacle(candidate)) throw asFailure(candidate);
    const { sourceId, destinationId } = candidate.connection;
    const [source, destination] = await Promise.all([
      byHint(airbyte.getActor('source', sourceId)),
      byHint(airbyte.getActor('destination', destinationId)),
    ]);
    const definitionIds = candidate.isWanted
      ? {
          source: await definitionIdOf(airbyte, 'source', plan.source),
          destination: await definitionIdOf(airbyte, 'destination', plan.destination),
        }
      : {};
    const adoption = judge(candidate, { source, destination }, { ...given, definitionIds });
    if (isObstacle(adoption)) throw asFailure(adoption);
    if (adoption.how === 'anew') return { ...found, ...warnings, replaces: adoption.connection };
    return {
      workspaceId: found.workspaceId,
      source: masked(adoption.source),
      destination: masked(adoption.destination),
      connection: adoption.connection,
      isForeign: true,
      ...warnings,
    };
  };
