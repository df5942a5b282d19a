import type { ValidationRequest } from '../contract/coordinator';
import type { Descriptor, Given } from '../descriptor/descriptor';
import { MAX_PROBLEMS, RequestError } from '../contract/problems';
import { isRecord } from '../contract/json';
import { asSummary } from '../../workflows/protocol/lengths';
import type { Templates } from '../descriptor/membership';
import { readIdentities, readPlans } from '../descriptor/product';
import type { Plans } from '../descriptor/product';
import type { Start } from './start';
import { tokenFor } from './token';
import type { Tenancy } from '../descriptor/owner';
import { readYaml } from '../reading/yaml';
import type { Yaml } from '../reading/yaml';
import type { plan, validate } from '../../workflows';
import type { Named, PlanInput, ValidateInput } from '../../workflows/input';

/** What the gateway goes by when it reads descriptors. */
export interface ReadingRules {
  /** Whose components are ours in a data product. */
  templates: Templates;
  /** Seconds that Airbyte wants between two syncs at least. */
  minSyncInterval: number;
  /** Who owns what, where a configuration file says so. */
  tenancy?: Tenancy | undefined;
}

const UNREADABLE = { operation: 'validate', key: 'unreadable' } as const;

/** Older callers name no kind: only a component's descriptor says which component is meant. */
const kindOf = ({ descriptorKind }: ValidationRequest, { value }: Yaml) => {
  if (descriptorKind) return descriptorKind;
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

/** Whom the token names; nobody where the descriptor does not tell. */
const whomOf = (request: Given, { templates, tenancy }: ReadingRules) => {
  const read = orRefused(() => readIdentities(request, templates, { tenancy }));
  if (read instanceof RequestError && read.reason === 'forbidden') throw read;
  if (read instanceof RequestError) return undefined;
  const { product, identities } = read;
  if (product) return { operation: 'validateProduct' as const, key: product.key };
  const [only] = identities;
  return only && { operation: 'validate' as const, key: only.component.key };
};

/** The components of a descriptor, for a run that looks at Airbyte on their behalf. */
const lookedAt = ({
  product,
  descriptors,
  warnings,
}: Plans): Pick<ValidateInput, 'components' | 'warnings'> => {
  const prefixOf = ({ plan: { component } }: Descriptor) =>
    product ? `${component.component}.` : '';
  return {
    components: descriptors.map((descriptor) => {
      const { plan, known } = descriptor;
      return { plan, known, at: `${prefixOf(descriptor)}specific` };
    }),
    warnings: [...warnings, ...descriptors.flatMap((descriptor) => descriptor.warnings)].slice(
      0,
      MAX_PROBLEMS,
    ),
  };
};

/** The verdict on a descriptor that cannot be read is a verdict too: this refuses nothing. */
const readComponents = (
  request: Given,
  { templates, ...rules }: ReadingRules,
): Pick<ValidateInput, 'components' | 'problems' | 'warnings'> => {
  const read = orRefused(() => readPlans(request, templates, rules));
  if (read instanceof RequestError)
    return { components: [], problems: read.toBody('').errors, warnings: [] };
  return { ...lookedAt(read), problems: [] };
};

/** The run that validates a descriptor, which is always one, however broken the descriptor is. */
export const validationStart = (
  request: ValidationRequest,
  {
    retry,
    placeOf,
    ...rules
  }: ReadingRules & {
    retry: ValidateInput['retry'];
    placeOf: (environment: string) => Named;
  },
): Omit<Start, 'after'> => {
  const yaml = readYaml(request.descriptor, 'descriptor');
  const asked = { ...request, descriptorKind: kindOf(request, yaml) };
  const given = { ...asked, yaml };
  const whom = whomOf(given, rules);
  const { operation, key } = whom ?? UNREADABLE;
  // Who is not told by the token whose it is sees what he has asked for himself.
  const readers = whom ? undefined : rules.tenancy?.deploysFor;
  const { deployment } = placeOf(key.slice(0, key.indexOf('/')));
  const input: ValidateInput = { ...readComponents(given, rules), retry };
  return {
    token: tokenFor(operation, key, { ...asked, deployment, ...(readers && { readers }) }),
    args: [input] satisfies Parameters<typeof validate>,
    readers,
    summary: asSummary(`${operation} ${key}`),
  };
};

/** The run that tells what a provision would do; a descriptor that cannot be read is refused, as by a provision. */
export const planStart = (
  read: Plans,
  { retry, deployment }: Named & { retry: PlanInput['retry'] },
): Omit<Start, 'after'> => {
  const { product } = read;
  const input: PlanInput = { ...lookedAt(read), retry };
  const [only] = input.components;
  const operation = product ? 'planProduct' : 'plan';
  const key = product?.key ?? only?.plan.component.key ?? '';
  return {
    token: tokenFor(operation, key, { components: input.components, deployment }),
    args: [input] satisfies Parameters<typeof plan>,
    summary: asSummary(`${operation} ${key}`),
  };
};
