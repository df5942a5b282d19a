import { z } from 'zod';
import { dataProductOf, judgeLength, judgeProductLength, memberOf } from './component';
import type { DataProduct } from './component';
import {
  HOUR,
  placesOf,
  readDescriptor,
  readIdentity,
  readNames,
  readPipeline,
  yamlOf,
} from './descriptor';
import type { Descriptor, Given, Identity, Rules } from './descriptor';
import { judgeOwner } from './owner';
import { readEnriched } from './enriched';
import type { Enriched } from './enriched';
import { RequestError, formatPath } from '../contract/problems';
import { isRecord } from '../contract/json';
import { cut } from '../../workflows/protocol/lengths';
import { isOwned, noneIsOwned } from './membership';
import type { Templates } from './membership';
import { createReader } from '../reading/reader';
import type { Reader } from '../reading/reader';
import { judgeInput } from './input-size';
import type { Path } from '../contract/problems';

/** Their runs begin and end together, and their inputs go into one run's history. */
const MAX_COMPONENTS = 200;
/** Of those that are only told in a log. */
const MAX_FORGOTTEN = 20;
/** Characters of the id of one: it may be as long as the request. */
const MAX_SHOWN = 200;

/** What is told of a data product as a whole, for the log of its run. */
interface Remarks {
  warnings: string[];
  notes: string[];
}

/** One component, or all of ours in a data product, which is named then. */
export interface Plans extends Remarks {
  product?: DataProduct;
  descriptors: Descriptor[];
}

export interface Identities extends Remarks {
  product?: DataProduct;
  identities: Identity[];
}

const unused = (kind: string) =>
  new RequestError(
    [
      {
        path: 'descriptorKind',
        message: `${kind} is not used in requests to a provisioner (specification 2.2.0, DescriptorKind)`,
      },
    ],
    { solutions: ['Send a COMPONENT_DESCRIPTOR, or a DATAPRODUCT_DESCRIPTOR without results.'] },
  );

/** The product's fields are at the root; under `dataProduct`, as of a component, they are found too. */
const rootOf = (value: unknown): { product: unknown; at: Path } => {
  const isWrapped = isRecord(value) && isRecord(value.dataProduct) && !('components' in value);
  return isWrapped
    ? { product: value.dataProduct, at: ['dataProduct'] }
    : { product: value, at: [] };
};

/** Where a data product's descriptor tells whose it is. */
const placesAt = (at: Path) => ({ environment: [...at, 'environment'], id: [...at, 'id'] });

const open = (request: Given) => {
  if (request.descriptorKind === 'DATAPRODUCT_DESCRIPTOR_WITH_RESULTS')
    throw unused(request.descriptorKind);
  const yaml = yamlOf(request);
  const reader = createReader(yaml);
  const value =
    yaml.value === undefined ? undefined : reader.read(z.looseObject({}), yaml.value, []);
  if (!value) throw reader.requestError();
  const { product, at } = rootOf(value);
  if (at.length > 0 && 'componentIdToProvision' in value)
    reader.warn(
      ['componentIdToProvision'],
      'is ignored: a DATAPRODUCT_DESCRIPTOR is about all components of the data product',
    );
  const enriched = readEnriched(request.latestEnrichedDescriptor);
  return { reader, product, at, enriched };
};
type Opened = ReturnType<typeof open>;

interface Listed {
  raw: unknown;
  at: Path;
}

const WithComponents = z.object({ components: z.array(z.unknown(), 'must be a list') });
const WithId = z.object({ id: z.string().min(1) });

const keyOf = (raw: unknown) =>
  isRecord(raw) && typeof raw.id === 'string' ? raw.id.toLowerCase() : undefined;

/** Ids are case-insensitive; two components under one would fight over one pipeline. */
const refuseRepeated = (reader: Reader, owned: Listed[], all: Listed[]) => {
  const byKey = new Map<string, Path[]>();
  for (const { raw, at } of all) {
    const key = keyOf(raw);
    if (key !== undefined) byKey.set(key, [...(byKey.get(key) ?? []).slice(0, 1), at]);
  }
  for (const { raw, at } of owned) {
    const key = keyOf(raw);
    const other = key === undefined ? undefined : byKey.get(key)?.find((path) => path !== at);
    if (other) reader.refuse([...at, 'id'], `is the id of ${formatPath(other)} too`);
  }
};

/** The components of a data product that are ours, and what is wrong with the list of all. */
const ownedIn = (opened: Opened, isMember: (raw: unknown) => boolean, templates: Templates) => {
  const { reader, product, at } = opened;
  const path = [...at, 'components'];
  const listed = reader.read(WithComponents, product, at);
  if (!listed) return { all: [], owned: [] };
  const all = listed.components.map((raw, index): Listed => ({ raw, at: [...path, index] }));
  const owned = all.filter(({ raw }) => isMember(raw));
  if (owned.length === 0) reader.refuse(path, noneIsOwned(templates));
  if (owned.length > MAX_COMPONENTS) {
    reader.refuse(
      path,
      `has ${String(owned.length)} components of this provisioner; at most ${String(MAX_COMPONENTS)} go together, so send them one by one`,
    );
    return { all, owned: [] };
  }
  refuseRepeated(reader, owned, all);
  return { all, owned };
};

/** What is said inside a component that is none of ours, or that is not to be read, blocks nothing. */
const isInside = (path: string, read: Set<string>) => {
  const [, component, field] = /^((?:dataProduct\.)?components\[\d+\])\.(.*)$/s.exec(path) ?? [];
  if (component === undefined || field === 'id') return false;
  return !read.has(component);
};

/** Former components of ours that the descriptor no longer has: nobody has asked to remove them. */
const forgotten = (enriched: Enriched, all: Listed[], templates: Templates) => {
  const here = new Set(all.map(({ raw }) => keyOf(raw)));
  return enriched.componentIds
    .filter((id) => !here.has(id.toLowerCase()))
    .filter((id) => isOwned(enriched.componentOf(id), templates))
    .slice(0, MAX_FORGOTTEN)
    .map(
      (id) =>
        `${cut(id, MAX_SHOWN)} was there before and is not in this descriptor; nothing is done with it`,
    );
};

const readProduct = (request: Given, templates: Templates, rules: Rules): Plans => {
  const { minSyncInterval = HOUR, tenancy } = rules;
  const opened = open(request);
  const { reader, at, enriched } = opened;
  const product = dataProductOf(reader, opened.product, at);
  const owner = product && judgeOwner(reader, product, { tenancy, at: placesAt(at) });
  if (product) judgeProductLength(reader, product, [...at, 'id']);
  const names = readNames(reader, opened.product, at);
  const general = reader.warnings.splice(0);
  const { all, owned } = ownedIn(opened, (raw) => isOwned(raw, templates), templates);
  const descriptors = owned.flatMap(({ raw, at: path }): Descriptor[] => {
    const id = reader.read(WithId, raw, path)?.id ?? '';
    const component = id && memberOf(reader, product, { id, at: [...path, 'id'] });
    if (component) judgeLength(reader, component, [...path, 'id']);
    const name = component ? `${component.component}.specific` : formatPath([...path, 'specific']);
    const given = { product: names, at: path, name, minSyncInterval, tenancy, owner };
    const parts = readPipeline(reader, raw, given);
    const warnings = reader.warnings.splice(0);
    const ignored = reader.takeIgnored();
    if (!component || !parts) return [];
    return [{ plan: { component, ...parts }, ...enriched.formerOf(id), warnings, ignored }];
  });
  const read = new Set(owned.map(({ at: path }) => formatPath(path)));
  const blocking = () => reader.problems.filter(({ path }) => !isInside(path, read));
  if (!product || blocking().length > 0) throw reader.requestError(blocking());
  judgeInput(reader, descriptors, { of: 'product', at: [...at, 'components'] });
  if (blocking().length > 0) throw reader.requestError(blocking());
  const warnings = [...general, ...forgotten(enriched, all, templates)];
  return { product, descriptors, warnings, notes: enriched.notes };
};

/**
 * What a request wants of Airbyte: the plan of a COMPONENT_DESCRIPTOR, or of each component of ours
 * in a DATAPRODUCT_DESCRIPTOR. Other components are not looked at. Throws a RequestError with every
 * problem at once, each with its path and line.
 */
export const readPlans = (request: Given, templates: Templates, rules: Rules = {}): Plans =>
  request.descriptorKind === 'COMPONENT_DESCRIPTOR'
    ? { descriptors: [readDescriptor(request, rules)], warnings: [], notes: [] }
    : readProduct(request, templates, rules);

const readProductIdentities = (
  request: Given,
  templates: Templates,
  { tenancy }: Rules,
): Identities => {
  const opened = open(request);
  const { reader, at, enriched } = opened;
  const product = dataProductOf(reader, opened.product, at);
  if (product) judgeOwner(reader, product, { tenancy, at: placesAt(at) });
  // A component whose `specific` is broken now is told by what it was.
  const isMember = (raw: unknown) => {
    const id = keyOf(raw);
    const former = id === undefined ? undefined : enriched.componentOf(id);
    return isOwned(raw, templates) || (former !== undefined && isOwned(former, templates));
  };
  const { all, owned } = ownedIn(opened, isMember, templates);
  const identities = owned.flatMap(({ raw, at: path }): Identity[] => {
    const id = reader.read(WithId, raw, path)?.id ?? '';
    const component = id && memberOf(reader, product, { id, at: [...path, 'id'] });
    if (!component) return [];
    const { known, places: former } = enriched.formerOf(id);
    const names = readNames(createReader(yamlOf(request)), opened.product, []);
    return [{ component, known, places: placesOf(raw, { former, product: names }) }];
  });
  const problems = reader.problems.filter(({ path }) => !isInside(path, new Set()));
  if (!product || problems.length > 0) throw reader.requestError(problems);
  const warnings = [...reader.warnings, ...forgotten(enriched, all, templates)];
  return { product, identities, warnings, notes: enriched.notes };
};

/** Whose pipelines a request is about: all that removing them needs, whatever else is broken. */
export const readIdentities = (
  request: Given,
  templates: Templates,
  rules: Rules = {},
): Identities =>
  request.descriptorKind === 'COMPONENT_DESCRIPTOR'
    ? { identities: [readIdentity(request, rules)], warnings: [], notes: [] }
    : readProductIdentities(request, templates, rules);
