import { startSimulator } from '../simulator/simulator';
import { DEFAULT_WORKSPACE_ID } from '../simulator/simulator';
import type { Simulator } from '../simulator/simulator';
import { clientOf } from './support/airbyte-clients';

/* Tags as both of Airbyte's APIs have them: facts of the API's description and of airbyte-platform. */

let simulator: Simulator;
beforeAll(async () => {
  simulator = await startSimulator({ auth: 'none' });
});
beforeEach(() => {
  simulator.reset();
});
afterAll(() => simulator.close());

const call = async (method: string, path: string, body?: object) => {
  const response = await fetch(`${simulator.url}${path}`, {
    method,
    ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  const text = await response.text();
  const answer: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, answer };
};
const TAGS = '/api/public/v1/tags';
const tag = (name: string, color = 'FF5733') => ({
  name,
  color,
  workspaceId: DEFAULT_WORKSPACE_ID,
});

describe.each(['public', 'config'] as const)('a client of the %s API', (api) => {
  const client = () =>
    clientOf({ url: simulator.url, api, credentials: () => Promise.resolve({ kind: 'none' }) });

  test('makes, lists and deletes tags', async () => {
    const made = await (await client()).createTag({ name: 'gdpr', color: 'FF5733' });
    expect(made).toEqual({ ...tag('gdpr'), tagId: made.tagId });
    expect(await (await client()).listTags()).toEqual([made]);
    await (await client()).deleteTag(made.tagId);
    expect(await (await client()).listTags()).toEqual([]);
    await (await client()).deleteTag(made.tagId);
  });

  test('is told that a name is taken', async () => {
    await (await client()).createTag({ name: 'gdpr', color: 'FF5733' });
    await expect(
      (await client()).createTag({ name: 'gdpr', color: '000000' }),
    ).rejects.toMatchObject({
      status: 409,
    });
  });
});

test.each([
  ['a name of 31 characters', tag('x'.repeat(31)), 400],
  ['no name', { color: 'FF5733', workspaceId: DEFAULT_WORKSPACE_ID }, 400],
  ['a colour that is none', tag('gdpr', 'red'), 400],
  [
    'another workspace',
    { ...tag('gdpr'), workspaceId: '0b8f4e1a-2f5c-4f0e-9a51-000000000001' },
    404,
  ],
])('refuses %s', async (_what, body, status) => {
  expect(await call('POST', TAGS, body)).toMatchObject({ status });
});

test('a workspace takes a hundred', async () => {
  for (let index = 0; index < 100; index += 1)
    expect(await call('POST', TAGS, tag(`t${String(index)}`))).toMatchObject({ status: 200 });
  expect(await call('POST', TAGS, tag('one more'))).toMatchObject({ status: 400 });
});

test('a tag is read, renamed and deleted', async () => {
  const { answer } = await call('POST', TAGS, tag('gdpr'));
  const id = String(Reflect.get(Object(answer), 'tagId'));
  expect(await call('GET', `${TAGS}/${id}`)).toEqual({ status: 200, answer });
  const renamed = { name: 'pii', color: '00AA00' };
  expect(await call('PATCH', `${TAGS}/${id}`, renamed)).toMatchObject({ answer: renamed });
  expect(await call('DELETE', `${TAGS}/${id}`)).toEqual({ status: 204, answer: undefined });
  expect(await call('GET', `${TAGS}/${id}`)).toMatchObject({ status: 404 });
});
