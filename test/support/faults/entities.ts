import type { EntityKind, Operation } from './calls';
import type { Entities } from '../harness';

/* What a row of the fault matrix finds in Airbyte. */

/** What an update changes. */
export const CHANGES = {
  url: 'https://files.example.invalid/changed.csv',
  database: 'changed',
  connection: { prefix: 'changed_' },
};

interface Seen {
  id: string;
  kind: EntityKind;
  /** All of it. */
  text: string;
  /** Whether it is as a request with these changes wants it. */
  isAsWanted: (operation: Operation) => boolean;
}

const wantedBy = (operation: Operation) => {
  const changed = operation === 'update';
  return {
    url: changed ? CHANGES.url : 'https://files.example.invalid/payments.csv',
    database: changed ? 'CHANGED' : 'MYDATABASE',
    prefix: changed ? 'changed_' : '',
  };
};

export const seen = ({ sources, destinations, connections }: Entities): Seen[] => [
  ...sources.map((source) => ({
    id: source.sourceId,
    kind: 'source' as const,
    text: JSON.stringify(source),
    isAsWanted: (by: Operation) => source.configuration.url === wantedBy(by).url,
  })),
  ...destinations.map((destination) => ({
    id: destination.destinationId,
    kind: 'destination' as const,
    text: JSON.stringify(destination),
    isAsWanted: (by: Operation) => destination.configuration.database === wantedBy(by).database,
  })),
  ...connections.map((connection) => ({
    id: connection.connectionId,
    kind: 'connection' as const,
    text: JSON.stringify(connection),
    isAsWanted: (by: Operation) => connection.prefix === wantedBy(by).prefix,
  })),
];

/** An entity put back by compensation loses its fingerprint, on purpose. */
const isFormer = (now: Seen, before: Seen) =>
  withoutFingerprint(now.text) === withoutFingerprint(before.text);
const withoutFingerprint = (text: string) => text.replace(/ #[0-9a-f]{8}\]/, ']');

/** As `End.exists` of the matrix has it; `?` for what is neither as before nor as wanted. */
export const lettersOf = (now: Seen[], before: Seen[], operation: Operation) =>
  now
    .map((entity) => {
      const letter = entity.kind.charAt(0);
      const former = before.find(({ id }) => id === entity.id);
      if (former && operation.startsWith('unprovision')) return letter;
      if (former && isFormer(entity, former)) return letter;
      const isKept = former !== undefined || before.length === 0;
      return isKept && entity.isAsWanted(operation) ? letter.toUpperCase() : '?';
    })
    .join('');

export const idsIn = (entities: Seen[]) =>
  Object.fromEntries(entities.map(({ kind, id }) => [`${kind}Id`, id]));

export const textsOf = (entities: Seen[]) => entities.map(({ text }) => text);
