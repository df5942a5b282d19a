import { z } from 'zod';
import { identityOf, judgeLength } from './component';
import type { Component } from './component';
import type { Product } from '../connectors/fields';
import type { ProvisioningRequest } from '../contract/coordinator';
import { isCalled, readEnriched } from './enriched';
import type { KnownIds } from './enriched';
import { RequestError } from '../contract/problems';
import type { Path } from '../contract/problems';
import { isRecord } from '../contract/json';
import { judgeInput } from './input-size';
import { judgeOwner } from './owner';
import type { Owner, Tenancy } from './owner';
import { createReader } from '../reading/reader';
import type { Ignored, Reader } from '../reading/reader';
import { readSpecific, refuseStray } from './specific';
import type { Pipeline } from './specific';
import { placeIn } from './places';
import type { Place } from './places';
import { readYaml } from '../reading/yaml';
import type { Yaml } from '../reading/yaml';

export type { Component } from './component';
export type { KnownIds } from './enriched';

/** A component's pipeline as its descriptor wants it, defaults filled in, no secrets. */
export interface Plan extends Pipeline {
  component: Component;
}

export interface Descriptor {
  plan: Plan;
  known: KnownIds;
  /** Where former runs have put its data, the latest first. */
  places: Place[];
  /** What the descriptor says to no effect, for the run's log. */
  warnings: string[];
  /** The same by its keys, for the run's result. */
  ignored: Ignored;
  /** What the Coordinator told of former operations, for the run's log. */
  notes: string[];
}

/** Seconds between two syncs that Airbyte wants unless it is told otherwise. */
export const HOUR = 3600;

const Envelope = z.object({
  dataProduct: z.looseObject({}),
  componentIdToProvision: z.string().min(1),
});

const productNames = z.object({
  name: z.string().min(1),
  domain: z.string().min(1),
  version: z.string().regex(/^\d+\.\d+\../, 'must be a version such as 0.2.0'),
});

/** What connectors derive defaults from; undefined names have been refused. */
export const readNames = (reader: Reader, dataProduct: unknown, at: Path) => {
  const names = reader.read(productNames, dataProduct, at);
  return {
    name: names?.name ?? '',
    domain: names?.domain ?? '',
    major: names?.version.split('.')[0] ?? '',
  };
};

const componentShape = z.object({
  kind: z
    .string()
    .toLowerCase()
    .pipe(z.literal('workload', 'must be workload: an Airbyte pipeline is one')),
  specific: z.looseObject({}),
});

interface OfComponent {
  product: Product;
  at: Path;
  /** What its author calls its `specific`. */
  name: string;
  minSyncInterval: number;
  tenancy: Tenancy | undefined;
  owner: Owner | undefined;
}

/** What descriptors are read by. */
export interface Rules {
  /** Seconds that Airbyte wants between two syncs at least. */
  minSyncInterval?: number | undefined;
  /** Who owns what, where a configuration file says so. */
  tenancy?: Tenancy | undefined;
}

/** The pipeline of a component at a path of its descriptor. */
export const readPipeline = (
  reader: Reader,
  component: unknown,
  given: OfComponent,
): Pipeline | undefined => {
  const { at } = given;
  reader.name([...at, 'specific'], given.name);
  if (isRecord(component)) refuseStray(reader, component, at);
  const read = reader.read(componentShape, component, at);
  return read && readSpecific(reader, read.specific, { ...given, at: [...at, 'specific'] });
};

/** Where a component's descriptor tells whose it is. */
const PLACES = { environment: ['dataProduct', 'environment'], id: ['componentIdToProvision'] };

const readPlan = (
  reader: Reader,
  { dataProduct, componentIdToProvision: id }: z.output<typeof Envelope>,
  { minSyncInterval = HOUR, tenancy }: Rules,
) => {
  const identity = identityOf(reader, dataProduct, id);
  const owner = identity && judgeOwner(reader, identity, { tenancy, at: PLACES });
  if (identity) judgeLength(reader, identity, ['componentIdToProvision']);
  const product = readNames(reader, dataProduct, ['dataProduct']);
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
  const parts = readPipeline(reader, components[index], {
    product,
    at,
    name: 'specific',
    minSyncInterval,
    tenancy,
    owner,
  });
  return identity && parts && { plan: { component: identity, ...parts }, at };
};

/** A request to read, and its descriptor where somebody has parsed it already. */
export type Given = ProvisioningRequest & { yaml?: Yaml };

export const yamlOf = ({ descriptor, yaml }: Given) => yaml ?? readYaml(descriptor, 'descriptor');

const readEnvelope = (request: Given) => {
  if (request.descriptorKind !== 'COMPONENT_DESCRIPTOR')
    throw new RequestError(
      [{ path: 'descriptorKind', message: `${request.descriptorKind} is not supported` }],
      { solutions: ['Send a COMPONENT_DESCRIPTOR: this is about a single component.'] },
    );
  const yaml = yamlOf(request);
  const reader = createReader(yaml);
  if (yaml.value === undefined) throw reader.requestError();
  const envelope = reader.read(Envelope, yaml.value, []);
  return { reader, envelope };
};

/**
 * The plan of a COMPONENT_DESCRIPTOR (specification 2.2.0, DescriptorKind). Sibling components are
 * not looked at. Throws a RequestError with every problem at once, each with its path and line.
 */
export const readDescriptor = (request: Given, rules: Rules = {}): Descriptor => {
  const { reader, envelope } = readEnvelope(request);
  const read = envelope && readPlan(reader, envelope, rules);
  if (!read || reader.problems.length > 0) throw reader.requestError();
  const { plan, at } = read;
  const enriched = readEnriched(request.latestEnrichedDescriptor);
  const { warnings } = reader;
  const ignored = reader.takeIgnored();
  const former = enriched.formerOf(envelope.componentIdToProvision);
  const descriptor = { plan, ...former, warnings, ignored };
  judgeInput(reader, descriptor, { of: 'component', at: [...at, 'specific'] });
  if (reader.problems.length > 0) throw reader.requestError();
  return descriptor;
};

/** Where a component's data may be. */
export interface KnownPlaces {
  /** Where former runs have put it, the latest first. */
  former: Place[];
  /** Where the descriptor would put it; absent where that is no fabric, or cannot be read. */
  named?: Place | undefined;
}

/** The same of a component in its descriptor, and of what former runs told. */
export const placesOf = (
  component: unknown,
  { former, product }: { former: Place[]; product: Product },
): KnownPlaces => {
  const named = placeIn(component, product);
  return { former, ...(named && { named }) };
};

/** Whose pipeline it is, and what a former run told of it. */
export interface Identity {
  component: Component;
  known: KnownIds;
  places: KnownPlaces;
}

/** Whose pipeline a descriptor is about: all that removing it needs, whatever else is broken. */
export const readIdentity = (
  request: Given,
  { mustFit = false, tenancy }: Rules & { mustFit?: boolean } = {},
): Identity => {
  const { reader, envelope } = readEnvelope(request);
  const component =
    envelope && identityOf(reader, envelope.dataProduct, envelope.componentIdToProvision);
  if (component) judgeOwner(reader, component, { tenancy, at: PLACES });
  if (component && mustFit) judgeLength(reader, component, ['componentIdToProvision']);
  const blocking = reader.problems.filter(({ path }) => !path.startsWith('dataProduct.components'));
  if (!component || blocking.length > 0) throw reader.requestError(blocking);
  const id = envelope.componentIdToProvision;
  const { known, places } = readEnriched(request.latestEnrichedDescriptor).formerOf(id);
  const { dataProduct } = envelope;
  const components = Array.isArray(dataProduct.components) ? dataProduct.components : [];
  // What is wrong with them is told elsewhere, where it matters.
  const product = readNames(createReader(yamlOf(request)), dataProduct, []);
  const given = { former: places, product };
  return { component, known, places: placesOf(components.find(isCalled(id)), given) };
};
