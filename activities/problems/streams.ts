import { isDeepStrictEqual } from 'node:util';
import type { SourceStream } from '../../src/airbyte/workspace';
import type { Connection } from '../../src/descriptor/connection';
import type { Problem } from '../../src/contract/problems';
import { firstFew } from '../../workflows/protocol/lengths';
import { indexOf } from '../../src/airbyte/stream-index';
import { suggestion } from '../../src/reading/suggestions';
import { apart, clashesIn, nameOf } from '../../src/descriptor/targets';
import type { Rules } from '../../src/descriptor/targets';
import { checkMappers } from './mappers';

type Wanted = NonNullable<Connection['streams']>[number];

/** Pairs of streams that would share a table. */
const MAX_CLASHES = 10;
/** Problems after which no more streams are judged: what was meant takes long to find. */
const MAX_PROBLEMS = 50;

const named = (names: string[]) => firstFew(names).join(', ');

const dotted = (path: string[]) => path.join('.');

/** A key as a descriptor has it: `id`, `[order_id, line]`, `[[address, zip], [id]]`. */
const asKey = (paths: string[][]) => {
  const isNested = paths.some(({ length }) => length > 1);
  const columns = paths.map((path) => (isNested ? `[${path.join(', ')}]` : path.join('')));
  return columns.length === 1 && !isNested ? columns.join('') : `[${columns.join(', ')}]`;
};

const namespacesOf = (streams: readonly SourceStream[]) =>
  streams.map(({ namespace }) => namespace).filter((namespace) => namespace !== undefined);

interface Found {
  stream?: SourceStream;
  /** Which field is wrong, and how. */
  wrong?: [string, string];
}

interface Offer {
  names: string[];
  index: ReturnType<typeof indexOf<SourceStream>>;
}

/** A namespace decides between streams of one name; given, it has to be right. */
const find = (wanted: Wanted, { names, index }: Offer): Found => {
  const { name, namespace } = wanted;
  const [stream, another] = index.meantBy(wanted);
  if (stream && !(another && namespace === undefined)) return { stream };
  const has = namespacesOf(index.ofName(name));
  if (stream) return { wrong: ['namespace', `is required: ${name} is in ${named(has)}`] };
  if (index.ofName(name).length === 0) {
    const meant = suggestion(name, names);
    return {
      wrong: ['name', `the source has no stream ${name}${meant || `; it has ${named(names)}`}`],
    };
  }
  const where =
    has.length > 0
      ? suggestion(namespace ?? '', has) || `; it is in ${named(has)}`
      : '; it is in none';
  return { wrong: ['namespace', `the source has no ${name} in ${namespace ?? ''}${where}`] };
};

/** Airbyte takes a plain overwrite always, and lists a deduplicated one never. */
const UNLISTED = ['full_refresh_overwrite', 'full_refresh_overwrite_deduped'];

type Say = (field: string, message: string) => void;

const checkSyncMode = ({ syncMode, name }: Wanted, { syncModes }: SourceStream, say: Say) => {
  if (!syncModes?.length || syncModes.includes(syncMode) || UNLISTED.includes(syncMode)) return;
  say(
    'syncMode',
    `source and destination do not offer it for ${name}; they offer ${syncModes.join(', ')}`,
  );
};

/** Undefined where nothing is known of the columns. */
const columnsOf = ({ propertyFields }: SourceStream) =>
  propertyFields?.length ? propertyFields : undefined;

/** Those that are not inside another. */
const topColumnsOf = (stream: SourceStream) => {
  const top = columnsOf(stream)?.filter((path) => path.length === 1);
  return top && new Set(top.map(dotted));
};

const isThere = (path: string[], stream: SourceStream) =>
  columnsOf(stream)?.some((field) => isDeepStrictEqual(field, path)) ?? true;

const noColumn = (path: string[], stream: SourceStream) => {
  const names = (columnsOf(stream) ?? []).map(dotted);
  const column = dotted(path);
  return `${stream.name} has no column ${column}${suggestion(column, names) || `; it has ${named(names)}`}`;
};

const isIncremental = ({ syncMode }: Wanted) => syncMode.startsWith('incremental');

const checkCursor = (wanted: Wanted, stream: SourceStream, say: Say) => {
  if (!isIncremental(wanted)) return;
  const { cursorField } = wanted;
  const ownCursor = stream.defaultCursorField ?? [];
  if (stream.sourceDefinedCursorField) {
    if (!cursorField || isDeepStrictEqual(cursorField, ownCursor)) return;
    say('cursorField', `is the source’s to choose: remove it, or write ${dotted(ownCursor)}`);
    return;
  }
  if (!cursorField && ownCursor.length === 0)
    say('cursorField', `is required for ${wanted.syncMode}: the source has no cursor of its own`);
  if (cursorField && !isThere(cursorField, stream))
    say('cursorField', noColumn(cursorField, stream));
};

const needsKey = ({ syncMode }: Wanted) => /dedup|_update$/.test(syncMode);

const checkKey = (wanted: Wanted, stream: SourceStream, say: Say) => {
  if (!needsKey(wanted)) return;
  const { primaryKey } = wanted;
  const ownKey = stream.sourceDefinedPrimaryKey ?? [];
  if (ownKey.length > 0) {
    if (!primaryKey || isDeepStrictEqual(primaryKey, ownKey)) return;
    say('primaryKey', `is the source’s to choose: remove it, or write ${asKey(ownKey)}`);
    return;
  }
  if (!primaryKey)
    say('primaryKey', `is required for ${wanted.syncMode}: the source has no key of its own`);
  const missing = primaryKey?.find((path) => !isThere(path, stream));
  if (missing) say('primaryKey', noColumn(missing, stream));
};

const ownOr = (own: string[] | undefined, chosen: string[] | undefined) =>
  own?.length ? own : (chosen ?? []);

/** A selection is of top-level columns, and keeps what its mode works with. */
const checkSelection = (wanted: Wanted, stream: SourceStream, say: Say) => {
  const { selectedFields, primaryKey } = wanted;
  if (!selectedFields) return;
  const top = topColumnsOf(stream);
  const missing = selectedFields.find((column) => top && !top.has(column));
  if (missing !== undefined) say('selectedFields', noColumn([missing], stream));
  const ownKey = stream.sourceDefinedPrimaryKey ?? [];
  const key = needsKey(wanted) ? (ownKey.length > 0 ? ownKey : (primaryKey ?? [])) : [];
  const own = stream.sourceDefinedCursorField ? stream.defaultCursorField : undefined;
  const cursor = isIncremental(wanted)
    ? ownOr(own, wanted.cursorField ?? stream.defaultCursorField)
    : [];
  const needed = [...key, cursor].flatMap(([column]) => (column === undefined ? [] : [column]));
  const left = [...new Set(needed)].filter((column) => !selectedFields.includes(column));
  if (left.length > 0)
    say('selectedFields', `must have ${left.join(', ')}: ${wanted.syncMode} goes by it`);
};

interface Taken extends SourceStream {
  path: string;
  destinationObjectName?: string | undefined;
}

/** Where its stream's rows go, if the source knows its namespace; without one it has none. */
const targetOf = ({ namespace = '', ...stream }: SourceStream) => ({ ...stream, namespace });

const clashing = (streams: Taken[], rules: Rules): Problem[] =>
  clashesIn(streams, rules).map(({ stream, other }) => ({
    path: stream.path,
    message: `${described(stream)} would write to the same table as ${described(other)}, and both would be overwritten at every sync: ${apart({ stream, other }, rules)}`,
  }));

const described = ({ name, namespace }: SourceStream) =>
  nameOf(namespace === '' ? { name } : { name, namespace });

/** Of all that a source has, where no streams are named: which would write to one table. */
export const clashesOfAll = (offered: SourceStream[], rules: Rules): Problem[] => {
  const path = 'specific.connection.namespaceDefinition';
  const problems = clashing(
    offered.map((stream) => ({ ...targetOf(stream), path })),
    rules,
  );
  const more = problems.length - MAX_CLASHES;
  const first = problems.slice(0, MAX_CLASHES);
  return more > 0
    ? [...first, { path, message: `is too narrow for ${String(more)} more streams` }]
    : first;
};

/** In what the wanted streams are not as the source offers them, with its path: all of it, or enough. */
export const streamProblems = (
  wanted: NonNullable<Connection['streams']>,
  offered: SourceStream[],
  rules?: Rules,
): Problem[] => {
  const problems: Problem[] = [];
  const offer = { names: offered.map(({ name }) => name), index: indexOf(offered) };
  const taken = new Set<SourceStream>();
  const targets: Taken[] = [];
  for (const [index, each] of wanted.entries()) {
    if (problems.length >= MAX_PROBLEMS) break;
    const at = `specific.connection.streams[${String(index)}]`;
    const say: Say = (field, message) => {
      problems.push({ path: `${at}.${field}`, message });
    };
    const { stream, wrong } = find(each, offer);
    if (wrong) say(...wrong);
    if (!stream) continue;
    if (taken.has(stream)) say('name', `${each.name} is chosen twice`);
    else
      targets.push({
        ...targetOf(stream),
        destinationObjectName: each.destinationObjectName,
        path: `${at}.name`,
      });
    taken.add(stream);
    checkSyncMode(each, stream, say);
    checkCursor(each, stream, say);
    checkKey(each, stream, say);
    checkSelection(each, stream, say);
    const top = each.mappers && topColumnsOf(stream);
    if (top) checkMappers(each, [...top], say);
  }
  if (rules) problems.push(...clashing(targets, rules).slice(0, MAX_PROBLEMS));
  return problems;
};
