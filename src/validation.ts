import type { ProvisioningRequest, ValidationRequest } from './contract';
import { readDescriptor, readIdentity } from './descriptor';
import type { Component } from './descriptor';
import { RequestError } from './errors';
import { isRecord } from './json';
import type { Start } from './start-run';
import { tokenFor } from './token';
import { readYaml } from './yaml';
import type { validate } from '../workflows';
import type { ToValidate, ValidateInput } from '../workflows/validate';

/** Lines of a verdict, and characters of each: they go into the run's input, which Temporal bounds. */
const MAX_PROBLEMS = 200;
const MAX_LINE = 1000;

/** What there is to validate, whatever is wrong with the descriptor. */
export interface Validation {
  /** What the token and the Temporal UI name; undefined when nobody can tell whose it is. */
  component: Component | undefined;
  components: ToValidate[];
  problems: string[];
  /** What the descriptor says to no effect. */
  warnings: string[];
}

/** Older callers name no kind: only a component's descriptor says which component is meant. */
const kindOf = ({ descriptorKind, descriptor }: ValidationRequest) => {
  if (descriptorKind) return descriptorKind;
  const { value } = readYaml(descriptor, 'descriptor');
  const isProduct = isRecord(value) && !('componentIdToProvision' in value);
  return isProduct ? 'DATAPRODUCT_DESCRIPTOR' : 'COMPONENT_DESCRIPTOR';
};

/** What came of reading, be it a refusal. */
const orRefused = <Result>(read: () => Result): Result | RequestError => {
  try {
    return read();
  } catch (err) {
    if (err instanceof RequestError) return err;
    throw err;
  }
};

const linesOf = (refusal: RequestError) => {
  const lines = refusal.toBody('').errors.map((line) => line.slice(0, MAX_LINE));
  const left = lines.length - MAX_PROBLEMS;
  if (left <= 0) return lines;
  return [...lines.slice(0, MAX_PROBLEMS), `descriptor: has ${String(left)} more problems`];
};

/** The verdict on a descriptor that cannot be read is a verdict too: this refuses nothing. */
const readValidation = (request: ProvisioningRequest): Validation => {
  const identity = orRefused(() => readIdentity(request));
  const component = identity instanceof RequestError ? undefined : identity.component;
  const read = orRefused(() => readDescriptor(request));
  if (read instanceof RequestError)
    return { component, components: [], problems: linesOf(read), warnings: [] };
  const { plan, known, warnings } = read;
  return { component, components: [{ plan, known, at: 'specific' }], problems: [], warnings };
};

/** The run that validates a descriptor, which is always one, however broken the descriptor is. */
export const validationStart = (
  request: ValidationRequest,
  retry: ValidateInput['retry'],
): Start => {
  const asked = { ...request, descriptorKind: kindOf(request) };
  const { component, ...rest } = readValidation(asked);
  const input: ValidateInput = { ...rest, retry };
  return {
    token: tokenFor('validate', component?.key ?? 'unreadable', asked),
    args: [input] satisfies Parameters<typeof validate>,
    after: 'ALLOW_DUPLICATE',
    ...(component && {
      summary: `validate ${component.component} of ${component.product} in ${component.environment}`,
      details: `- **Component** ${component.key}`,
    }),
  };
};
