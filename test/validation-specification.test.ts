import { breachesOf } from '../activities/validation-specification';

test.each([
  ['a required field', {}, ['host: is required', 'storage: is required']],
  ['a wrong type', { host: 1, storage: { kind: 'A', a: 1 } }, ['host: must be string']],
  [
    'the form that is named, only',
    { host: 'h', storage: { kind: 'B' } },
    ['storage.b: is required'],
  ],
  [
    'an unknown form',
    { host: 'h', storage: { kind: 'C' } },
    ['storage: has none of the forms that the connector knows'],
  ],
  ['nothing', { host: 'h', storage: { kind: 'B', b: 1, more: 1 } }, []],
])('a specification finds fault with %s', (_case, configuration, problems) => {
  const form = (kind: string, field: string) => ({
    required: ['kind', field],
    properties: { kind: { type: 'string', const: kind }, [field]: { type: 'number' } },
  });
  const specification = {
    $schema: 'http://json-schema.org/draft-04/schema#',
    type: 'object',
    required: ['host', 'storage'],
    properties: {
      host: { type: 'string', pattern: '^[\\w-]+$', order: 0 },
      storage: { type: 'object', oneOf: [form('A', 'a'), form('B', 'b')] },
    },
  };
  const found = breachesOf(specification, configuration)?.map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );
  expect(found).toEqual(problems);
  expect(breachesOf({ type: 'no such type' }, configuration)).toBeUndefined();
});
