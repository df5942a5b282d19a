import type { Airbyte, ConnectionRead, ConnectionWrite, Tag } from '../../src/airbyte/workspace';
import { AirbyteError } from '../../src/airbyte/errors';
import { isRefused } from '../../src/contract/call-error';
import { DEFAULT_COLOR } from '../../src/descriptor/tags';
import type { Tags } from '../../src/descriptor/tags';
import type { ConnectionWanted } from '../comparison/differences';
import { Refusal } from '../../src/contract/problems';

/** A workspace may have so many (airbyte-platform, TagHandler). */
const MAX_TAGS = 100;

const isNamed = (name: string) => (tag: { name: string }) => tag.name === name;

/** Of the wanted tags, those that the workspace lacks; refused where it could not have them all. */
export const lackingTags = async (airbyte: Pick<Airbyte, 'listTags'>, wanted: Tags | undefined) => {
  if (!wanted || wanted.length === 0) return [];
  const all = await airbyte.listTags();
  const lacking = wanted.map(({ name }) => name).filter((name) => !all.some(isNamed(name)));
  if (lacking.length > 0 && all.length + lacking.length > MAX_TAGS)
    throw new Refusal(
      `Airbyte takes ${String(MAX_TAGS)} tags a workspace, has ${String(all.length)}, and lacks ${lacking.join(', ')}.`,
      'Use a tag that is there in specific.connection.tags, or have one that nobody needs deleted in Airbyte.',
    );
  return lacking;
};

/** Somebody else may have made it meanwhile: a name that is taken is one to look for again. */
const made = async (
  airbyte: Airbyte,
  { name, color = DEFAULT_COLOR }: Tags[number] & { color?: string | undefined },
) => {
  try {
    return await airbyte.createTag({ name, color });
  } catch (err) {
    if (!(err instanceof AirbyteError) || err.status !== 409) throw err;
    const found = (await airbyte.listTags()).find(isNamed(name));
    if (found) return found;
    throw err;
  }
};

/** Tags as Airbyte has them; one that is lacking is made, one that is there never altered. */
const tagsFor = async (
  airbyte: Airbyte,
  wanted: NonNullable<ConnectionWanted['tags']>,
  known: Tag[],
) => {
  const isKnown = wanted.every(({ name }) => known.some(isNamed(name)));
  const all = isKnown ? known : await airbyte.listTags();
  const tags: Tag[] = [];
  for (const tag of wanted) tags.push(all.find(isNamed(tag.name)) ?? (await made(airbyte, tag)));
  return tags;
};

/** A connection with its tags as Airbyte wants them: whole. */
export const withTags = async (
  airbyte: Airbyte,
  { tags, ...wanted }: ConnectionWanted,
  current: ConnectionRead | undefined,
): Promise<ConnectionWrite> =>
  tags === undefined
    ? wanted
    : { ...wanted, tags: await tagsFor(airbyte, tags, current?.tags ?? []) };

/** Another run that failed may have taken a tag away again: then this one is to make it. */
export const orTagsAgain = async <Result>(
  airbyte: Airbyte,
  { tags = [] }: ConnectionWrite,
  written: Promise<Result>,
): Promise<Result> => {
  try {
    return await written;
  } catch (err) {
    if (tags.length === 0 || !isRefused(err)) throw err;
    const there = new Set((await airbyte.listTags()).map(({ tagId }) => tagId));
    const deleted = tags.filter(({ tagId }) => !there.has(tagId));
    if (deleted.length === 0) throw err;
    throw new AirbyteError(
      `Tags were deleted meanwhile: ${deleted.map(({ name }) => name).join(', ')}.`,
      {
        kind: 'again',
        solution: 'Deploy again.',
      },
    );
  }
};

/** Takes away what a run has made, unless a connection uses it by now. */
export const removeUnused = async (airbyte: Airbyte, names: string[]) => {
  const tags = (await airbyte.listTags()).filter(({ name }) => names.includes(name));
  if (tags.length === 0) return [];
  const connections = await airbyte.listConnections();
  const isUsed = ({ tagId }: Tag) =>
    connections.some((connection) => connection.tags?.some((tag) => tag.tagId === tagId));
  const unused = tags.filter((tag) => !isUsed(tag));
  for (const { tagId } of unused) await airbyte.deleteTag(tagId);
  return unused.map(({ name }) => name);
};
