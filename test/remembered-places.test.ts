import type { FabricFound } from '../activities/fabric/found';
import { readPlaces } from '../src/descriptor/places';
import { parseJson } from '../src/contract/json';
import { forgottenWords, placesInfo } from '../workflows/pipeline/fabric';

/* What a run tells the next of where data is: whole, or said to be forgotten. */

const at = (schema: string): FabricFound => ({
  place: {
    connector: 'snowflake',
    fabric: 'finance-dev',
    configuration: { database: 'FINANCE', schema },
    where: { account: 'ACME-FIN' },
  },
  system: 'Snowflake',
  missing: [],
  present: [],
  shown: {},
});

const told = (schema: string) => {
  const { places = '[]' } = placesInfo(at(schema));
  return readPlaces(parseJson(places));
};

test.each([
  ['of 255 letters', 'A'.repeat(255)],
  ['of 255 characters that JavaScript counts twice', '😀'.repeat(255)],
])('a schema %s is remembered as it is', (_, schema) => {
  expect(told(schema)).toEqual([at(schema).place]);
  expect(forgottenWords('key', at(schema))).toBe('');
});

test('of a place with a longer name nothing is remembered, which is told', () => {
  const schema = '😀'.repeat(256);
  expect(placesInfo(at(schema))).toEqual({});
  expect(forgottenWords('key', at(schema))).toBe(
    `Not remembered, as a name is longer than 255 characters: FINANCE.${'😀'.repeat(255)} in finance-dev. What bears the comment provisioner:key there, and who may read it, stays until it is taken away by hand.`,
  );
});
