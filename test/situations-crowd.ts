import { z } from 'zod';
import { eventually } from './harness';
import type { Harness } from './harness';

/* What belongs to others: so much of it that Airbyte's lists have pages. */

/** A page of Airbyte's lists, as the provisioner asks for them. */
const PAGE = 100;
/** Milliseconds that the second page waits for somebody's deletion. */
const MEANWHILE = 1200;

const FAKER = 'dfd88b22-b603-4c3d-aad7-3701784586b1';
const POSTGRES = '25c5221d-dce2-4163-ade9-739ef790f503';
const ORGANIZATION = '00000000-0000-0000-0000-000000000000';

const idIn = (answer: unknown, key: string) => String(Reflect.get(Object(answer), key));

const makeSource = async (harness: Harness, name: string) =>
  idIn(
    await harness.airbyte('POST', '/sources', {
      name,
      workspaceId: harness.env.AIRBYTE_WORKSPACE_ID,
      definitionId: FAKER,
      configuration: { count: 1 },
    }),
    'sourceId',
  );

const numbers = Array.from({ length: PAGE }, (_, index) => String(index));

const firstOf = (answer: unknown, key: string) => {
  const { data } = z.object({ data: z.tuple([z.looseObject({})], z.unknown()) }).parse(answer);
  return idIn(data[0], key);
};

/** One page of sources: gives the path of one in its middle. */
export const crowdOfSources = async (harness: Harness) => {
  const ids = await Promise.all(numbers.map((each) => makeSource(harness, `theirs ${each}`)));
  return `/sources/${ids[PAGE / 2] ?? ''}`;
};

/** One page of connections, of one source and destination: gives the path of one. */
export const crowdOfConnections = async (harness: Harness) => {
  const sourceId = await makeSource(harness, 'theirs');
  const destination = await harness.airbyte('POST', '/destinations', {
    name: 'theirs',
    workspaceId: harness.env.AIRBYTE_WORKSPACE_ID,
    definitionId: POSTGRES,
    configuration: { host: 'h', port: 5432, database: 'd', schema: 's', username: 'u' },
  });
  const destinationId = idIn(destination, 'destinationId');
  const connect = (name: string) =>
    harness.airbyte('POST', '/connections', { name, sourceId, destinationId });
  const [first] = await Promise.all(numbers.map((each) => connect(`theirs ${each}`)));
  return `/connections/${idIn(first, 'connectionId')}`;
};

/** Groups, and as the first of the second page `zulu`: gives the path of the first of all. */
export const crowdOfGroups = async (harness: Harness) => {
  const names = [...numbers.slice(2), 'zulu'];
  await harness.control('POST', '/people', { groups: names.map((name) => ({ name })) });
  const groups = await harness.airbyte('GET', `/groups?organizationId=${ORGANIZATION}`);
  return `/groups/${firstOf(groups, 'groupId')}`;
};

/** Deletes something of the first page while the second one is waited for. */
export const shifting = async <Result>(
  harness: Harness,
  { list, path }: { list: string; path: string },
  act: () => Promise<Result>,
): Promise<Result> => {
  await harness.forgetCalls();
  await harness.fault({ operation: list, skip: 1, delay: MEANWHILE });
  const asked = async () => (await harness.calls(list)).length > 1 || undefined;
  const shift = async () => {
    await eventually(asked, `the second page of ${list}`);
    await harness.airbyte('DELETE', path);
  };
  const [result] = await Promise.all([act(), shift()]);
  return result;
};
