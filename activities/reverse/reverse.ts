import type { Actor, Airbyte, ConnectionRead, Kind } from '../../src/airbyte/workspace';
import { understood } from '../../src/airbyte/odd-entities';
import { componentIn, ownerOf } from '../../src/airbyte/names';
import { closest } from '../../src/reading/suggestions';
import { firstFew } from '../../workflows/protocol/lengths';
import type { Readable, References, WantedConnection } from '../../workflows/input';
import type { ActorDeps } from '../pipeline/actors';
import { attempt } from '../attempt';
import { byHint } from '../unclear-answers';
import { actorsIn } from '../workspace';
import { actorPart, nameOfConnector } from './actor';
import { connectionPart } from './connection';
import { inform } from './fit';
import type { Note, Part } from './fit';

export type ReverseActivities = ReturnType<typeof createReverseActivities>;

interface ReverseDeps extends Pick<ActorDeps, 'airbyteFor' | 'fabrics' | 'hrefOf'> {
  updatesDialect: 'specific' | 'parameters';
  /** The team of a component, as the configuration file says now; undefined: it has none, and nobody asks. */
  teamOf?: ((componentKey: string) => string | undefined) | undefined;
}

/** Why there is no answer, and what to do. */
interface NoAnswer {
  problem: string;
  solution: string;
}

interface Reversed {
  /** The connection's. */
  name: string;
  href: string;
  updates: Record<string, unknown>;
  notes: Note[];
}

const noneNamed = (name: string, all: ConnectionRead[]): NoAnswer => {
  const meant = closest(
    name,
    all.map((connection) => connection.name),
  );
  return {
    problem: `Airbyte has no connection named "${name}" in this workspace.`,
    solution:
      meant === undefined
        ? 'Names are compared exactly: copy it from Airbyte, or give params.connectionId.'
        : `Did you mean "${meant}"? Names are compared exactly.`,
  };
};

/** Whether what has this name may be read: a component's may be another's. */
type IsReadable = (actorName: string) => boolean;

/**
 * What others own is as if it were not there; a connection is whose its source or its destination is. Ids
 * reach into other workspaces: without both ends in this one nothing says whose it is.
 */
const isReadableAlone = async (
  airbyte: Airbyte,
  { sourceId, destinationId }: ConnectionRead,
  isReadable: IsReadable | undefined,
) => {
  const ends = await Promise.all([
    byHint(airbyte.getActor('source', sourceId)),
    byHint(airbyte.getActor('destination', destinationId)),
  ]);
  return ends.every((actor) => actor !== undefined && (isReadable?.(actor.name) ?? true));
};

const readableAmong = async (
  airbyte: Airbyte,
  all: ConnectionRead[],
  isReadable: IsReadable | undefined,
) => {
  if (!isReadable) return all;
  const { source, destination } = await actorsIn(airbyte, () => false);
  const known = new Set(
    [...source, ...destination].filter(({ name }) => isReadable(name)).map(({ id }) => id),
  );
  return all.filter(
    ({ sourceId, destinationId }) => known.has(sourceId) && known.has(destinationId),
  );
};

const findConnection = async (
  airbyte: Airbyte,
  wanted: Exclude<WantedConnection, NoAnswer>,
  isReadable: IsReadable | undefined,
): Promise<ConnectionRead | NoAnswer> => {
  if ('connectionId' in wanted) {
    const { connectionId } = wanted;
    const found = await byHint(airbyte.getConnection(connectionId));
    if (found && (await isReadableAlone(airbyte, found, isReadable))) return found;
    return {
      problem: `Airbyte has no connection ${connectionId} in this workspace.`,
      solution: 'Check params.connectionId: it is the UUID in the address of the connection.',
    };
  }
  const { connectionName: name } = wanted;
  // Another of that name may be on a page that has moved: the list is read to its end, twice.
  const all = await readableAmong(airbyte, await airbyte.listConnections(), isReadable);
  const [found, ...others] = all.filter((connection) => connection.name === name);
  if (!found) return noneNamed(name, all);
  if (others.length === 0) return found;
  const ids = firstFew([found, ...others].map(({ id }) => id));
  return {
    problem: `Airbyte has ${String(others.length + 1)} connections named "${name}": ${ids.join(', ')}.`,
    solution: 'Give the one that is meant as params.connectionId.',
  };
};

const noActor = (kind: Kind, { name }: ConnectionRead): NoAnswer => ({
  problem: `The ${kind} of the connection "${name}" is not in this workspace of Airbyte.`,
  solution: 'Check that the connection is one of the workspace this provisioner works on.',
});

/** A connection that is no component's becomes that of the one which is provisioned with this. */
const adoptable = (part: Part, { id }: ConnectionRead, source: Actor): Part =>
  componentIn(source.name) === undefined
    ? {
        fields: { ...part.fields, adopt: id },
        notes: [
          ...part.notes,
          inform(
            'connection.adopt names this connection: a provision takes it over, with its id, its state and its history',
          ),
        ],
      }
    : part;

type Parts = Record<Kind | 'connection', Part>;

/** Each field of `specific` by its own path, so that what Airbyte does not know stays as it is. */
const dotted = (parts: Parts) =>
  Object.fromEntries(
    Object.entries(parts).flatMap(([part, { fields }]) =>
      Object.entries(fields).map(([key, value]) => [`spec.mesh.specific.${part}.${key}`, value]),
    ),
  );

const nested = (parts: Parts) => ({
  parameters: Object.fromEntries(Object.entries(parts).map(([part, { fields }]) => [part, fields])),
});

const DIALECTS = { specific: dotted, parameters: nested };

/** Reading a pipeline out of Airbyte as fields of a descriptor. Nothing is written there. */
export const createReverseActivities = (deps: ReverseDeps) => {
  const { airbyteFor, fabrics, hrefOf, updatesDialect, teamOf } = deps;

  /** The caller's teams are known where he was asked who he is; whose a component is, here and now. */
  const readableBy = (readable: Readable | undefined): IsReadable | undefined =>
    teamOf &&
    ((name) => {
      const key = componentIn(name);
      if (key === undefined) return true;
      const team = teamOf(key);
      const { environment, teams } = readable ?? {};
      const isThere = environment === undefined || key.startsWith(`${environment}/`);
      return isThere && (teams === undefined || (team !== undefined && teams.includes(team)));
    });

  const partOf = async (kind: Kind, actor: Actor, references: unknown) => {
    // A worker that knows no such account sets nothing.
    const connector = nameOfConnector(kind, actor.definitionId);
    const asked = () => fabrics({ connector, configuration: {} }, ownerOf(actor.name));
    const fabric = kind === 'source' ? {} : await asked().catch(() => ({}));
    return actorPart({ kind, actor, fabric, references });
  };

  return {
    readPipeline: (given: {
      wanted: Exclude<WantedConnection, NoAnswer>;
      references: References;
      readable?: Readable | undefined;
    }): Promise<Reversed | NoAnswer> =>
      attempt(async ({ interest }) => {
        const airbyte = await airbyteFor(interest);
        const found = await findConnection(airbyte, given.wanted, readableBy(given.readable));
        if ('problem' in found) return found;
        understood('connection', found);
        const [source, destination] = await Promise.all([
          byHint(airbyte.getActor('source', found.sourceId)),
          byHint(airbyte.getActor('destination', found.destinationId)),
        ]);
        if (!source) return noActor('source', found);
        if (!destination) return noActor('destination', found);
        const parts = {
          source: await partOf('source', source, given.references.source),
          destination: await partOf('destination', destination, given.references.destination),
          connection: adoptable(connectionPart(found), found, source),
        };
        return {
          name: found.name,
          href: hrefOf(`connections/${found.id}`),
          updates: DIALECTS[updatesDialect](parts),
          notes: Object.values(parts).flatMap(({ notes }) => notes),
        };
      }),
  };
};
