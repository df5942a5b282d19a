import { foldsNames } from '../connectors/definitions';
import { SOURCE_NAMESPACE } from './connection';
import type { Connection } from './connection';

/*
 * Which table each stream of a connection writes to. Two that write to one overwrite each other at
 * every sync, and Airbyte lets them.
 */

interface Streamed {
  name: string;
  namespace?: string | undefined;
  /** The table's name, where it is not the stream's. */
  destinationObjectName?: string | undefined;
}

/** The parts of a connection that decide on the names of tables. */
type Naming = Pick<Connection, 'namespaceDefinition' | 'namespaceFormat'>;

/** Only destinations with objects in place of tables go by it, and those are custom ones to us. */
const hasObjects = (connector: string) => connector === 'custom';

/** What decides which streams write to one table. */
export interface Rules {
  naming: Naming;
  /** The destination's. */
  connector: string;
}

/** In which schema; undefined where only the source knows the stream's namespace. */
const schemaOf = ({ namespaceDefinition, namespaceFormat = '' }: Naming, namespace?: string) => {
  if (namespaceDefinition === 'destination') return '';
  if (namespaceDefinition === 'source') return namespace;
  if (!namespaceFormat.includes(SOURCE_NAMESPACE)) return namespaceFormat;
  return namespace === undefined
    ? undefined
    : namespaceFormat.replaceAll(SOURCE_NAMESPACE, namespace);
};

const tableOf = ({ naming, connector }: Rules, stream: Streamed) => {
  const schema = schemaOf(naming, stream.namespace);
  if (schema === undefined) return undefined;
  const object = hasObjects(connector) ? stream.destinationObjectName : undefined;
  const table = JSON.stringify([schema, object ?? stream.name]);
  return foldsNames(connector) ? table.toLowerCase() : table;
};

export const nameOf = ({ name, namespace }: Streamed) =>
  namespace === undefined ? name : `${namespace}.${name}`;

/** Each stream that writes to the table of one before it, with that one. */
export const clashesIn = <Stream extends Streamed>(streams: readonly Stream[], rules: Rules) => {
  const first = new Map<string, Stream>();
  return streams.flatMap((stream, index) => {
    const table = tableOf(rules, stream);
    if (table === undefined) return [];
    const other = first.get(table);
    if (other) return [{ index, stream, other }];
    first.set(table, stream);
    return [];
  });
};

/** What keeps two streams apart, as the connection is. */
export const apart = (
  { stream, other }: { stream: Streamed; other: Streamed },
  { naming, connector }: Rules,
) => {
  const { namespaceDefinition: definition, namespaceFormat = '' } = naming;
  const byNamespace =
    definition === 'source' ||
    (definition === 'custom_format' && namespaceFormat.includes(SOURCE_NAMESPACE));
  if (byNamespace || stream.namespace === other.namespace)
    return hasObjects(connector)
      ? 'give one of them a destinationObjectName of its own, or leave it out'
      : `${connector} does not tell them apart, so leave one of them out`;
  return `set namespaceDefinition: source, or custom_format with ${SOURCE_NAMESPACE} in the namespaceFormat`;
};

interface StreamProblem {
  index: number;
  field: 'name' | 'namespace';
  message: string;
}

/** A stream that is there already, or may be: a name without a namespace could be any of that name. */
const repeatedIn = (streams: readonly Streamed[]) => {
  const byName = new Map<string, { stream: Streamed; index: number }[]>();
  return streams.flatMap((stream, index): StreamProblem[] => {
    const before = byName.get(stream.name) ?? [];
    byName.set(stream.name, [...before, { stream, index }].slice(0, 2));
    const same = before.find((one) => one.stream.namespace === stream.namespace);
    if (same)
      return [
        {
          index,
          field: 'name',
          message: `is that of streams[${String(same.index)}] too: a stream is given once`,
        },
      ];
    const [other] = before;
    if (!other || (stream.namespace !== undefined && other.stream.namespace !== undefined))
      return [];
    const message = `must be told from streams[${String(other.index)}], which has this name too: give both their namespace`;
    return [{ index, field: 'namespace', message }];
  });
};

/** What is wrong with streams by what the descriptor says of them alone. */
export const streamProblemsIn = (streams: readonly Streamed[], rules: Rules): StreamProblem[] => {
  const repeated = repeatedIn(streams);
  const indices = new Set(repeated.map(({ index }) => index));
  const clashing = clashesIn(streams, rules)
    .filter(({ index }) => !indices.has(index))
    .map(({ index, stream, other }): StreamProblem => {
      const message = `would write to the same table as ${nameOf(other)}, and both would be overwritten at every sync: ${apart({ stream, other }, rules)}`;
      return { index, field: 'name', message };
    });
  return [...repeated, ...clashing];
};
