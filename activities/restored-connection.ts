import { isDeepStrictEqual } from 'node:util';
import stringify from 'safe-stable-stringify';
import type { Airbyte, ConnectionRead, ConnectionWrite, StreamRead } from '../src/airbyte';
import { AirbyteError } from '../src/airbyte-error';
import type { ActorDeps } from './actors';
import { attempt } from './attempt';
import { cronOf } from './comparison';
import { settled } from './findings';
import { withoutId } from './mappers';
import { UNTOUCHED, fieldsLeft, isGone } from './restored';
import type { Left, Restored } from './restored';

/** What was never given reads back as an empty list, which Airbyte refuses when it is sent. */
const withoutEmptyLists = (stream: StreamRead): Pick<StreamRead, 'name'> & Partial<StreamRead> => ({
  ...Object.fromEntries(
    Object.entries(stream).filter(([, value]) => !Array.isArray(value) || value.length > 0),
  ),
  name: stream.name,
});

/** The fields of a connection that a run may have changed; those that only make sense together. */
const FIELDS: (keyof ConnectionWrite)[][] = [
  ['name'],
  ['status'],
  ['schedule'],
  ['prefix'],
  ['namespaceDefinition', 'namespaceFormat'],
  ['nonBreakingSchemaUpdatesBehavior'],
  ['configurations'],
  ['tags'],
];

/** What people call them. */
const SHOWN: Record<string, string> = { configurations: 'streams' };
const shown = ([field = '']: string[]) => SHOWN[field] ?? field;

const comparableStreams = ({ configurations: { streams } }: ConnectionRead) =>
  streams
    .map(({ mappers = [], ...stream }) => ({
      ...withoutEmptyLists(stream),
      mappers: mappers.map(withoutId),
    }))
    .map((stream) => stringify(stream))
    .sort();

/** As two reads of a connection are compared; what was not given counts as empty. */
const comparable = (connection: ConnectionRead): Record<string, unknown> => {
  const { namespaceDefinition, namespaceFormat, schedule } = connection;
  return {
    ...connection,
    prefix: connection.prefix ?? '',
    namespaceFormat: namespaceDefinition === 'custom_format' ? namespaceFormat : undefined,
    schedule: { ...schedule, cronExpression: cronOf(schedule.cronExpression) },
    configurations: comparableStreams(connection),
    tags: (connection.tags ?? []).map(({ tagId }) => tagId).sort(),
  };
};

const differingIn = (now: ConnectionRead, before: ConnectionRead) => {
  const [one, other] = [comparable(now), comparable(before)];
  return FIELDS.filter((group) =>
    group.some((field) => !isDeepStrictEqual(one[field] ?? undefined, other[field] ?? undefined)),
  );
};

/** As it is written to Airbyte. */
const asWritten = (before: ConnectionRead): Partial<ConnectionWrite> => {
  const { id: _id, sourceId: _source, destinationId: _destination, ...rest } = before;
  const { cronExpression, ...schedule } = before.schedule;
  return {
    ...rest,
    prefix: before.prefix ?? '',
    schedule: { ...schedule, cronExpression: cronOf(cronExpression) },
    configurations: { streams: before.configurations.streams.map(withoutEmptyLists) },
  };
};

const only = (fields: string[], of: Partial<ConnectionWrite>): Partial<ConnectionWrite> =>
  Object.fromEntries(Object.entries(of).filter(([field]) => fields.includes(field)));

/** A basic schedule is one that the public API shows, but does not take. */
const isUnwritable = (before: ConnectionRead) => (group: string[]) =>
  group.includes('schedule') &&
  before.schedule.scheduleType === 'basic' &&
  before.schedule.basicSchedule === undefined;

const isRefusal = (err: unknown): err is AirbyteError =>
  err instanceof AirbyteError && err.kind === 'refused';

/** One by one: a field that Airbyte refuses does not keep the others from being put back. */
const writeEach = async (
  write: (fields: string[]) => Promise<unknown>,
  groups: string[][],
  refusal: AirbyteError,
) => {
  if (groups.length === 1) throw refusal;
  const refused = new Map<string, string>();
  for (const group of groups) {
    try {
      await write(group);
    } catch (err) {
      if (!isRefusal(err)) throw err;
      refused.set(shown(group), err.message);
    }
  }
  if (refused.size === groups.length) throw refusal;
  return refused;
};

const putBack = async (airbyte: Airbyte, before: ConnectionRead, groups: string[][]) => {
  const former = asWritten(before);
  const write = (fields: string[]) => airbyte.patchConnection(before.id, only(fields, former));
  try {
    await write(groups.flat());
    return new Map<string, string>();
  } catch (err) {
    if (!isRefusal(err)) throw err;
    return writeEach(write, groups, err);
  }
};

export interface RestoreConnection {
  before: ConnectionRead;
  settleTime: number;
}

/** Puts a connection back as it was, where it differs; what Airbyte does not take is told. */
export const createRestoreConnection =
  ({ airbyteFor, hrefOf }: Pick<ActorDeps, 'airbyteFor' | 'hrefOf'>) =>
  ({ before, settleTime }: RestoreConnection) =>
    attempt(async ({ settlesAt, interest }): Promise<Restored> => {
      const { id, name } = before;
      const named = { kind: 'connection' as const, name, href: hrefOf(`connections/${id}`) };
      settled({ settlesAt });
      const airbyte = airbyteFor(interest);
      const current = await airbyte.getConnection(id);
      if (!current) throw isGone(named);
      const differing = differingIn(current, before);
      if (differing.length === 0) return UNTOUCHED;

      const isNot = isUnwritable(before);
      const writable = differing.filter((group) => !isNot(group));
      const refused =
        writable.length > 0 ? await putBack(airbyte, before, writable) : new Map<string, string>();
      const now = await airbyte.getConnection(id);
      if (!now) throw isGone(named);
      const left: Left[] = differingIn(now, before).flatMap((group) =>
        fieldsLeft(named, [shown(group)], refused.get(shown(group)) ?? whyOf(isNot(group))),
      );
      return { changed: writable.length > refused.size, left };
    }, settleTime);

const whyOf = (isUnwritable: boolean) =>
  isUnwritable
    ? 'this API of Airbyte does not take a basic schedule'
    : 'Airbyte shows another value';
