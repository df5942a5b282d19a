import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import stringify from 'safe-stable-stringify';
import { z } from 'zod';
import type { ConnectionRead, ConnectionWrite, StreamRead } from '../../src/airbyte/workspace';
import { isRecord } from '../../src/contract/json';
import { MASK } from '../../src/secrets/masking';
import { indexOf } from '../../src/airbyte/stream-index';

/* Mappers protect personal data: which of those in Airbyte are ours, and what becomes of the others. */

export type MappersByHand = 'keep' | 'replace' | 'refuse';

type StreamWrite = ConnectionWrite['configurations']['streams'][number];

/** As Airbyte shows it; types and fields are open, as newer versions add to them. */
const Mapper = z.looseObject({
  id: z.string().nullish(),
  type: z.string(),
  mapperConfiguration: z.record(z.string(), z.unknown()),
});
type Mapper = z.infer<typeof Mapper>;

/** What has another form counts as it is, so that it is never taken for none. */
const mapperIn = (value: unknown): Mapper => {
  const read = Mapper.safeParse(value);
  return read.success ? read.data : { type: 'unknown', mapperConfiguration: { value } };
};

const mappersOf = ({ mappers = [] }: Pick<StreamRead, 'mappers'>) => mappers.map(mapperIn);

const contentOf = ({ type, mapperConfiguration }: Mapper) => stringify([type, mapperConfiguration]);

/** A run keeps the ids; what a mapper does they do not say. */
export const withoutId = (mapper: unknown) => {
  if (!isRecord(mapper)) return mapper;
  const { id: _id, ...rest } = mapper;
  return rest;
};

const isSame = (one: Mapper, other: Mapper) => contentOf(one) === contentOf(other);

/** For people: `hashing of email`; of what is no field, the type alone. */
export const nameOfMapper = (value: unknown): string => {
  const { type, mapperConfiguration: given } = mapperIn(value);
  const field = given.targetField ?? given.originalFieldName;
  return typeof field === 'string' ? `${type} of ${field}` : type;
};

/** What a mapper is about: two of one type on one field would be in each other's way. */
const subjectOf = (mapper: Mapper) => {
  const name = nameOfMapper(mapper);
  return name === mapper.type ? contentOf(mapper) : name;
};

const inUuid = (hex: string) =>
  [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');

/** The id of a mapper that a run has made, derived from all it says: one edited by hand has another. */
const ownId = (sourceId: string, stream: string, mapper: Mapper) => {
  const content = stringify(['airbyte-specific-provisioner', sourceId, stream, contentOf(mapper)]);
  return inUuid(createHash('sha256').update(content).digest('hex'));
};

/** Airbyte never shows the key of an encryption again: once gone, nobody can put it back. */
export const isIrretrievable = (mapper: Mapper) => contentOf(mapper).includes(MASK);

interface Merged {
  mappers: Mapper[];
  /** Set by hand and not in the descriptor: those that stay, those that go. */
  kept: Mapper[];
  lost: Mapper[];
  /** Of a former descriptor, and no longer in this one. */
  dropped: Mapper[];
}

interface Given {
  sourceId: string;
  stream: StreamWrite;
  current: Mapper[];
  byHand: MappersByHand;
}

/** By hand and in nobody's way, unless the descriptor has the last word. */
const staysByHand = ({ stream, byHand }: Given, wanted: Mapper[], mapper: Mapper) =>
  byHand !== 'replace' &&
  stream.mappers?.length !== 0 &&
  !wanted.some((each) => subjectOf(each) === subjectOf(mapper));

const isWithin = (wanted: Mapper[], kept: Mapper[]) => {
  const positions = wanted.map((each) => kept.findIndex((other) => isSame(each, other)));
  return positions.every((position, index) => position > (positions[index - 1] ?? -1));
};

/**
 * The mappers a stream is to have: the descriptor's in their order, after those that stay as they were
 * set by hand. What Airbyte has already in a right order is left in it, so that nothing is rewritten.
 */
const merged = (given: Given): Merged => {
  const { sourceId, stream, current } = given;
  const wanted = mappersOf(stream);
  const others = current.filter((mapper) => !wanted.some((each) => isSame(each, mapper)));
  const isOwn = (mapper: Mapper) => mapper.id === ownId(sourceId, stream.name, mapper);
  const hand = others.filter((mapper) => !isOwn(mapper));
  const kept = hand.filter((mapper) => staysByHand(given, wanted, mapper));
  const left = current.filter((mapper) => !others.includes(mapper) || kept.includes(mapper));
  const withIds = wanted.map((mapper) => {
    const { id } = current.find((each) => isSame(each, mapper)) ?? mapper;
    return { ...mapper, id: id ?? ownId(sourceId, stream.name, mapper) };
  });
  return {
    mappers: isWithin(wanted, left) ? left : [...kept, ...withIds],
    kept,
    lost: hand.filter((mapper) => !kept.includes(mapper)),
    dropped: others.filter(isOwn),
  };
};

/** Streams as the descriptor wants them, with the mappers that they are to have. */
export const withMappers = (
  streams: StreamWrite[],
  {
    sourceId,
    before,
    byHand,
  }: Pick<Given, 'sourceId' | 'byHand'> & { before?: ConnectionRead | undefined },
): StreamWrite[] => {
  const there = indexOf(before?.configurations.streams ?? []);
  return streams.map((stream) => {
    const [found] = there.meantBy(stream);
    const current = found ? mappersOf(found) : [];
    const { mappers } = merged({ sourceId, stream, current, byHand });
    // Older versions hash fields without a mapper: nobody else sets that, and so it stays.
    const hashed = found?.hashedFields === undefined ? {} : { hashedFields: found.hashedFields };
    return { ...stream, ...hashed, mappers: mappers.length > 0 ? mappers : undefined };
  });
};

/** Streams by what becomes of their mappers, for what is told before it is done. */
export const fatesOf = (
  streams: StreamWrite[],
  { before, byHand }: { before: ConnectionRead; byHand: MappersByHand },
) => {
  const there = indexOf(before.configurations.streams);
  return streams.flatMap((stream) => {
    const [found] = there.meantBy(stream);
    if (!found) return [];
    const { sourceId } = before;
    return [{ stream, found, ...merged({ sourceId, stream, current: mappersOf(found), byHand }) }];
  });
};

/** Mappers that a write would take away for ever, with their streams. */
export const irretrievable = (streams: StreamWrite[], { configurations }: ConnectionRead) => {
  const wishes = indexOf(streams);
  return configurations.streams.flatMap((found) => {
    const left = wishes.meaning(found);
    const stays = left ? mappersOf(left) : [];
    return mappersOf(found)
      .filter((mapper) => isIrretrievable(mapper) && !stays.some((each) => isSame(each, mapper)))
      .map((mapper) => `${nameOfMapper(mapper)} on ${found.name}`);
  });
};

/** Without mappers that no descriptor can say: that they are there is nobody's to mend. */
export const withoutIrretrievable = (connection: ConnectionRead): ConnectionRead => ({
  ...connection,
  configurations: {
    streams: connection.configurations.streams.map((stream) => ({
      ...stream,
      mappers: mappersOf(stream).filter((mapper) => !isIrretrievable(mapper)),
    })),
  },
});

/** How a difference of mappers begins. */
export const MAPPERS_OF = 'mappers of ';

const named = (mappers: Mapper[]) => mappers.map(nameOfMapper).join(', ');

/** The streams whose mappers are not as wanted, with what is set there; ids say nothing, the order does. */
export const mapperDifferences = ({ configurations }: ConnectionRead, wanted: StreamWrite[]) => {
  const wishes = indexOf(wanted);
  return configurations.streams.flatMap((current) => {
    const has = mappersOf(current);
    const asked = mappersOf(wishes.meaning(current) ?? {});
    if (isDeepStrictEqual(has.map(contentOf), asked.map(contentOf))) return [];
    return [`${MAPPERS_OF}${current.name} (${named(has) || 'none'})`];
  });
};
