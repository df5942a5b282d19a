import { COMPONENTS, EXAMPLES, objectOf } from './support/kit-parts';
import { request } from './support/fixtures';
import { counts, isWrite, startHarness } from './support/harness';
import type { Harness } from './support/harness';

const text = EXAMPLES.map((example) => example.text).join('\n');
const SECRETS = [
  ...new Set([...text.matchAll(/secretRef: (\S+)/g)].map(([, name = '']) => name)),
].map((name) => [name, `secret-of-${name.toLowerCase()}`] as const);

let harness: Harness;
beforeAll(async () => {
  const allowed = SECRETS.map(([name]) => name).join(',');
  harness = await startHarness({
    env: {
      ...Object.fromEntries(SECRETS),
      SECRETS_ALLOWED: allowed,
      // This is not about time: it is to end well on a busy machine too.
      AIRBYTE_REQUEST_TIMEOUT: '10s',
      AIRBYTE_GIVE_UP_AFTER: '1m',
    },
  });
});
afterAll(() => harness.stop());

const bodyOf = (example: (typeof EXAMPLES)[number]) =>
  request(example.text.replace('environment: development', `environment: ${harness.environment}`), {
    descriptorKind: example.kind,
  });

/** A fabric is named in a configuration file, of which these programs have none. */
const namesFabric = ({ text: yaml }: (typeof EXAMPLES)[number]) => /^ +fabric: /m.test(yaml);
const UNNAMED = EXAMPLES.filter((example) => !namesFabric(example));

test.each(UNNAMED)('the example $name is valid', async (example) => {
  const answer = await harness.post('/v1/validate', bodyOf(example));
  expect(answer.json()).toEqual({ valid: true });
});

test('the examples show every connector', () => {
  const shown = (part: 'source' | 'destination') =>
    COMPONENTS.map(({ component }) =>
      String(Reflect.get(objectOf(component.specific[part]), 'connector')),
    );
  expect(new Set(shown('source'))).toEqual(new Set(['file', 'postgres', 's3', 'custom']));
  expect(new Set(shown('destination'))).toEqual(
    new Set(['snowflake', 'postgres', 's3', 'bigquery', 'databricks', 'custom']),
  );
});

test('the examples are all provisioned, together in one Airbyte, and again without a write', async () => {
  const provision = () =>
    Promise.all(
      UNNAMED.map(async (example) => {
        const answer = await harness.post('/v1/provision', bodyOf(example));
        const { name } = example;
        if (answer.status !== 202) return { name, status: answer.text };
        const { status, result } = await harness.finished(answer.text);
        return { name, status: status === 'COMPLETED' ? status : result };
      }),
    );
  const completed = UNNAMED.map(({ name }) => ({ name, status: 'COMPLETED' }));
  expect(await provision()).toEqual(completed);
  const entities = await harness.entities();
  const many = UNNAMED.flatMap(({ components }) => components).length;
  expect(counts(entities)).toEqual([many, many, many]);
  await harness.forgetCalls();
  expect(await provision()).toEqual(completed);
  expect((await harness.calls()).filter(isWrite)).toEqual([]);
  expect(await harness.entities()).toEqual(entities);
});

test('no secret of theirs is in a log', () => {
  for (const [, secret] of SECRETS) expect(harness.logs()).not.toContain(secret);
});
