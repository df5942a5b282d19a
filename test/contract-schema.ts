/*
 * The answers of specification 2.2.0, and the states of 2.5.0, as JSON Schema, written from the specification and not from
 * src/contract.ts, so that a mistake there is not repeated here. Stricter in one thing: nothing
 * the specification does not name may appear, and no null anywhere.
 */

const object = (properties: Record<string, object>, required: string[]) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
});
const string = { type: 'string' };
const strings = { type: 'array', items: string };

const moreInfo = object({ problems: strings, solutions: strings }, ['problems', 'solutions']);
const message = { userMessage: string, input: string, inputErrorField: string, moreInfo };

const log = object(
  {
    timestamp: {
      type: 'string',
      pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$',
    },
    level: { enum: ['DEBUG', 'INFO', 'WARNING', 'ERROR'] },
    message: string,
    phase: string,
  },
  ['timestamp', 'level', 'message'],
);

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

const info = object({ publicInfo, privateInfo: { type: 'object' } }, ['publicInfo', 'privateInfo']);

export const schemas = {
  ProvisioningStatus: object(
    {
      status: { enum: ['RUNNING', 'COMPLETED', 'FAILED', 'TERMINATING', 'TERMINATED'] },
      result: string,
      info,
      logs: { type: 'array', items: log },
    },
    ['status', 'result'],
  ),
  ValidationResult: object(
    { valid: { type: 'boolean' }, error: object({ errors: strings }, ['errors']) },
    ['valid'],
  ),
  RequestValidationError: object({ errors: { ...strings, minItems: 1 }, ...message }, ['errors']),
  SystemError: object({ error: string, ...message }, ['error']),
};
