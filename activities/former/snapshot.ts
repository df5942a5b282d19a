import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { Actor, ConnectionRead } from '../../src/airbyte/workspace';
import { isRecord } from '../../src/contract/json';
import type { FormerConnection } from '../comparison/reads';
import { Refusal } from '../../src/contract/problems';

/*
 * What an undo needs of an entity: all of it, with asterisks for secrets. It goes through a run's
 * history, so what is large is packed: no workflow holds it unpacked.
 */

/** Bytes of JSON from which on it is packed; what is smaller can be read in Temporal's UI. */
const PACKED_FROM = 64 * 1024;
/** Bytes, packed, of all that one look keeps for an undo: Temporal takes 2 MiB of a payload. */
export const MAX_KEPT = 1.5 * 1024 * 1024;
/** Bytes that one of them may have unpacked. */
const MAX_PLAIN = 64 * 1024 * 1024;

/** gzip of its JSON, in base64. */
interface Packed {
  packed: string;
}

export type Snapshot<Entity> = Entity | Packed;

const pack = promisify(gzip);
const unpack = async ({ packed }: Packed): Promise<unknown> => {
  const json = await promisify(gunzip)(Buffer.from(packed, 'base64'), {
    maxOutputLength: MAX_PLAIN,
  });
  return JSON.parse(json.toString());
};

const isPacked = (snapshot: object): snapshot is Packed => 'packed' in snapshot;

const hasId = (value: unknown) => isRecord(value) && typeof value.id === 'string';
const isActor = (value: unknown): value is Actor => hasId(value);
const isConnection = (value: unknown): value is FormerConnection => hasId(value);

const unpacked =
  <Entity extends object>(isEntity: (value: unknown) => value is Entity) =>
  async (snapshot: Snapshot<Entity>): Promise<Entity> => {
    if (!isPacked(snapshot)) return snapshot;
    const entity = await unpack(snapshot);
    if (isEntity(entity)) return entity;
    throw new Error('What was kept for an undo cannot be read.');
  };
export const actorIn = unpacked(isActor);
export const connectionIn = unpacked(isConnection);

const inMebibytes = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(2)} MiB`;

/** Keeps what undos may need, as long as all of it together is not too large. */
export const createKeeper = () => {
  let kept = 0;
  return async <Entity extends Actor | ConnectionRead>(
    kind: string,
    entity: Entity,
  ): Promise<Snapshot<Entity>> => {
    const json = Buffer.from(JSON.stringify(entity));
    if (json.length < PACKED_FROM) return entity;
    const packed = await pack(json);
    kept += packed.length;
    if (kept <= MAX_KEPT && json.length <= MAX_PLAIN) return { packed: packed.toString('base64') };
    throw new Refusal(
      `The ${kind} "${entity.name}" (${entity.id}) is too large in Airbyte to be put back if the run failed: ${inMebibytes(json.length)}, and ${inMebibytes(kept)} compressed, with what else the run would change; ${inMebibytes(MAX_KEPT)} are possible. Nothing was changed.`,
      `Make the ${kind} smaller, for example with fewer streams; or unprovision the component and deploy it anew, which puts nothing back.`,
    );
  };
};
export type Keep = ReturnType<typeof createKeeper>;
