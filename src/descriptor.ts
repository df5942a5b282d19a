import { z } from 'zod';
import { Connection } from './connection';
import { destinationOf, sourceOf } from './connectors';
import type { Product } from './connectors';
import type { ProvisioningRequest } from './contract';
import { RequestError } from './errors';
import type { Problem } from './errors';
import { createReader } from './reader';
import type { Reader } from './reader';
import { secretsIn } from './secrets';
import { readYaml } from './yaml';
import type { Path } from './yaml';

/** Whose pipeline it is. `key` names it in Airbyte: `<environment>/<domain>.<product>.<major>.<component>`. */
export interface Component {
  environment: string;
  domain: string;
  product: string;
  major: string;
  component: string;
  key: string;
}

/** A component's pipeline as its descriptor wants it, defaults filled in, no secrets. */
export interface Plan {
  component: Component;
  source: z.output<ReturnType<typeof sourceOf>>;
  destination: z.output<ReturnType<typeof destinationOf>>;
  connection: Connection;
}

/** Ids of what a former run made (`info.privateInfo`); hints, believed only if Airbyte agrees. */
export interface KnownIds {
  sourceId?: string | undefined;
  destinationId?: string | undefined;
  connectionId?: string | undefined;
}

export interface Descriptor {
  plan: Plan;
  known: KnownIds;
  /** What the descriptor says to no effect, for the run's log. */
  warnings: string[];
}

const NAME = /^[A-Za-z0-9_-]+$/;

const invalid = (problems: Problem[]) =>
  new RequestError(problems, {
    solutions: ['Correct the descriptor at the paths named above, then deploy again.'],
  });

const Envelope = z.object({
  dataProduct: z.looseObject({}),
  componentIdToProvision: z.string().min(1),
});

const productShape = z.object({
  id: z.string().min(1),
  environment: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, 'may have only letters, digits, dots, dashes and underscores'),
});

const productNames = z.object({
  name: z.string().min(1),
  domain: z.string().min(1),
  version: z.string().regex(/^\d+\.\d+\../, 'must be a version such as 0.2.0'),
});

const componentShape = z.object({
  kind: z
    .string()
    .toLowerCase()
    .pipe(z.literal('workload', 'must be workload: an Airbyte pipeline is one')),
  specific: z.looseObject({}),
});

/** `urn:dmb:cmp:<domain>:<product>:<major>:<component>`; URNs are case-insensitive. */
const identityOf = (reader: Reader, dataProduct: unknown, id: string): Component | undefined => {
  const product = reader.read(productShape, dataProduct, ['dataProduct']);
  const [urn, dmb, cmp, domain, name, major, component, ...more] = id.toLowerCase().split(':');
  const parts = [domain, name, major, component];
  if (
    urn !== 'urn' ||
    dmb !== 'dmb' ||
    cmp !== 'cmp' ||
    parts.some((part) => !NAME.test(part ?? ''))
  ) {
    reader.refuse(
      ['componentIdToProvision'],
      'must be urn:dmb:cmp:<domain>:<product>:<major>:<component>',
    );
    return undefined;
  }
  if (!domain || !name || !major || !component) return undefined;
  if (more.length > 0) {
    reader.refuse(
      ['componentIdToProvision'],
      'names a subcomponent; this provisioner provisions whole components only',
    );
    return undefined;
  }
  if (!product) return undefined;
  if (product.id.toLowerCase() !== `urn:dmb:dp:${domain}:${name}:${major}`) {
    reader.refuse(['dataProduct', 'id'], `is not the product of the component ${id}`);
    return undefined;
  }
  const { environment } = product;
  const key = `${environment}/${domain}.${name}.${major}.${component}`;
  return { environment, domain, product: name, major, component, key };
};

const isCalled = (id: string) => (component: unknown) =>
  typeof component === 'object' && component !== null && Reflect.get(component, 'id') === id;

/** An explicit null says the same as nothing: Witboost writes it for what the wizard left empty. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutNulls);
  return typeof value === 'object' && value !== null ? fieldsOf(value) : value;
};

const fieldsOf = (value: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );

const readSpecific = (reader: Reader, raw: object, product: Product, at: Path) => {
  const specific = fieldsOf(raw);
  for (const path of secretsIn(specific))
    reader.refuse(
      [...at, ...path],
      'carries a secret. Remove it: credentials belong to the environment of the provisioner',
    );
  const part = <Schema extends z.ZodType>(key: string, schema: Schema) =>
    reader.read(schema, specific[key], [...at, key]);
  const source = part('source', sourceOf());
  const destination = part('destination', destinationOf(product));
  const connection = part('connection', Connection);
  return source && destination && connection ? { source, destination, connection } : undefined;
};

const readPlan = (
  reader: Reader,
  { dataProduct, componentIdToProvision: id }: z.output<typeof Envelope>,
) => {
  const identity = identityOf(reader, dataProduct, id);
  const names = reader.read(productNames, dataProduct, ['dataProduct']);
  const components = Array.isArray(dataProduct.components) ? dataProduct.components : [];
  const index = components.findIndex(isCalled(id));
  if (components.filter(isCalled(id)).length !== 1) {
    reader.refuse(
      ['dataProduct', 'components'],
      `must have exactly one component with the id ${id}`,
    );
    return undefined;
  }
  const at = ['dataProduct', 'components', index];
  const component = reader.read(componentShape, components[index], at);
  const product = {
    name: names?.name ?? '',
    domain: names?.domain ?? '',
    major: names?.version.split('.')[0] ?? '',
  };
  if (!component) return undefined;
  const parts = readSpecific(reader, component.specific, product, [...at, 'specific']);
  return identity && parts && { component: identity, ...parts };
};

/** Garbage in `latestEnrichedDescriptor` is never the caller's failure: then the ids are unknown. */
const Enriched = z.object({
  components: z.array(z.unknown()),
});
const EnrichedComponent = z.object({
  info: z.object({
    privateInfo: z.object({
      sourceId: z.guid().optional().catch(undefined),
      destinationId: z.guid().optional().catch(undefined),
      connectionId: z.guid().optional().catch(undefined),
    }),
  }),
});

const readKnown = (text: string | null | undefined, id: string): KnownIds => {
  if (!text) return {};
  const { value } = readYaml(text, 'latestEnrichedDescriptor');
  const product = Enriched.safeParse(Reflect.get(Object(value), 'dataProduct') ?? value);
  const component = EnrichedComponent.safeParse(product.data?.components.find(isCalled(id)));
  return component.data?.info.privateInfo ?? {};
};

const readEnvelope = (request: ProvisioningRequest) => {
  if (request.descriptorKind !== 'COMPONENT_DESCRIPTOR')
    throw new RequestError(
      [{ path: 'descriptorKind', message: `${request.descriptorKind} is not supported` }],
      { solutions: ['Send a COMPONENT_DESCRIPTOR: this provisioner works on single components.'] },
    );
  const yaml = readYaml(request.descriptor, 'descriptor');
  const reader = createReader(yaml);
  if (yaml.value === undefined) throw invalid(reader.problems);
  const envelope = reader.read(Envelope, yaml.value, []);
  return { reader, envelope };
};

/**
 * The plan of a COMPONENT_DESCRIPTOR (specification 2.2.0, DescriptorKind). Sibling components are
 * not looked at. Throws a RequestError with every problem at once, each with its path and line.
 */
export const readDescriptor = (request: ProvisioningRequest): Descriptor => {
  const { reader, envelope } = readEnvelope(request);
  const plan = envelope && readPlan(reader, envelope);
  if (!plan || reader.problems.length > 0) throw invalid(reader.problems);
  const known = readKnown(request.latestEnrichedDescriptor, envelope.componentIdToProvision);
  return { plan, known, warnings: reader.warnings };
};

/** Whose pipeline a descriptor is about: all that removing it needs, whatever else is broken. */
export const readIdentity = (
  request: ProvisioningRequest,
): { component: Component; known: KnownIds } => {
  const { reader, envelope } = readEnvelope(request);
  const component =
    envelope && identityOf(reader, envelope.dataProduct, envelope.componentIdToProvision);
  const blocking = reader.problems.filter(({ path }) => !path.startsWith('dataProduct.components'));
  if (!component || blocking.length > 0) throw invalid(blocking);
  const known = readKnown(request.latestEnrichedDescriptor, envelope.componentIdToProvision);
  return { component, known };
};
