/* What is known of each connector beside what it wants of a descriptor. */

/** Airbyte's definitions that a descriptor has a connector of its own for; the same in every Airbyte. */
export const DEFINITIONS = {
  source: {
    file: '778daa7c-feaf-4db6-96f3-70fd645acc77',
    postgres: 'decd338e-5647-4c0b-adf4-da0e75f5a750',
    s3: '69589781-7828-43c5-9f63-8925b1c1ccc2',
  },
  destination: {
    snowflake: '424892c4-daac-4491-b35d-c6688ba547ba',
    postgres: '25c5221d-dce2-4163-ade9-739ef790f503',
    s3: '4816b78f-1489-44c1-9060-4b19d5fa9362',
    bigquery: '22f6c74f-5699-40ff-833c-4a879ea40133',
    databricks: '072d5540-f236-4294-ba7c-ade8fd918496',
  },
} as const;

/** The connector of a definition; undefined: it has none of its own. */
export const connectorOf = (kind: keyof typeof DEFINITIONS, definitionId: string) =>
  Object.entries(DEFINITIONS[kind]).find(([, id]) => id === definitionId)?.[0];

const FOLDING = ['snowflake', 'postgres', 'databricks'];

/** Whether a destination's tables `Orders` and `orders` are one; the others tell them apart, or may. */
export const foldsNames = (connector: string) => FOLDING.includes(connector);
