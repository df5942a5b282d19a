import { z } from 'zod';
import { fixture } from '../fixtures';

/* The Coordinator's contract, as the fixtures have it: what src/contract/coordinator.ts is held against. */

const Schema = z.looseObject({
  type: z.string().optional(),
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), z.looseObject({})).default({}),
});

const Contract = z.object({
  version: z.string(),
  operations: z.array(
    z.object({
      operationId: z.string(),
      method: z.string(),
      path: z.string(),
      request: z.string().optional(),
      responses: z.record(
        z.string(),
        z.object({ type: z.string().optional(), schema: z.string().optional() }),
      ),
    }),
  ),
  definitions: z.record(z.string(), Schema),
});
export type Contract = z.infer<typeof Contract>;

const read = (version: string) => Contract.parse(JSON.parse(fixture(`contract-${version}.json`)));
export const CONTRACTS = { '2.2.0': read('2.2.0'), '2.5.0': read('2.5.0') };

const object = (properties: Record<string, object>, required: string[]) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});
const string = { type: 'string' };

/** The structure the Marketplace renders; it ignores entries of any other. */
const publicInfo = {
  type: 'object',
  propertyNames: { pattern: '^[A-Za-z][A-Za-z0-9_]*$' },
  additionalProperties: object({ type: string, label: string, value: string, href: string }, [
    'type',
    'label',
    'value',
  ]),
};
const timestamp = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$',
};
const errors = { type: 'array', items: string, minItems: 1 };

/** What the contract leaves open and we do not, and the one thing that we add to it. */
const NARROWED: Record<string, Record<string, object>> = {
  Info: { publicInfo },
  Log: { timestamp },
  RequestValidationError: { errors },
  ValidationInfo: {
    privateInfo: object({ checks: { type: 'array', items: string } }, ['checks']),
  },
};

const definitions = Object.fromEntries(
  Object.entries(CONTRACTS['2.5.0'].definitions).map(([name, schema]) => [
    name,
    Object.keys(schema.properties).length > 0
      ? object({ ...schema.properties, ...NARROWED[name] }, schema.required)
      : { type: schema.type, ...(schema.enum !== undefined && { enum: schema.enum }) },
  ]),
);

/** The answers of 2.5.0, stricter in one thing: nothing it does not name may appear, and no null. */
const answer = (name: string) => ({ $ref: `#/definitions/${name}`, definitions });

export const schemas = {
  ProvisioningStatus: answer('ProvisioningStatus'),
  ValidationResult: answer('ValidationResult'),
  ValidationStatus: answer('ValidationStatus'),
  ReverseProvisioningStatus: answer('ReverseProvisioningStatus'),
  RequestValidationError: answer('RequestValidationError'),
  SystemError: answer('SystemError'),
};
