import { z } from 'zod';
import { MAX_ID } from '../../workflows/protocol/lengths';
import type { Reader } from '../reading/reader';
import type { Path } from '../contract/problems';

/** Whose pipeline it is. `key` names it in Airbyte: `<environment>/<domain>.<product>.<major>.<component>`. */
export interface Component {
  environment: string;
  domain: string;
  product: string;
  major: string;
  component: string;
  key: string;
}

/** A data product in an environment. `key` is `<environment>/<domain>.<product>.<major>`. */
export type DataProduct = Omit<Component, 'component'>;

/** Characters of each of them; how long they may be together, the ids that are made of them say. */
const MAX_NAME = 100;
/** Characters of an environment. */
export const MAX_ENVIRONMENT = 100;

const isName = (text = '') => text.length <= MAX_NAME && /^[A-Za-z0-9_-]+$/.test(text);

/** Characters of a key: what the longest token leaves of an id of Temporal's. */
const MOST = {
  component: MAX_ID - 'unprovision..123456789012'.length,
  product: MAX_ID - 'unprovisionProduct..123456789012'.length,
};

/** Whether Temporal can hold the ids made of a key, whatever database is behind it. */
const judgeKey = (reader: Reader, { key, most, at }: { key: string; most: number; at: Path }) => {
  if (key.length <= most) return;
  reader.refuse(
    at,
    `makes "${key}" with the environment, of ${String(key.length)} characters, and Temporal's ids have room for ${String(most)}: shorten the environment or a name by ${String(key.length - most)}`,
  );
};

/**
 * Refuses names that are too long together. Not asked of what is to be removed: it may have been
 * made where ids can be longer.
 */
export const judgeLength = (reader: Reader, { key }: Component, at: Path) => {
  judgeKey(reader, { key, most: MOST.component, at });
};
export const judgeProductLength = (reader: Reader, { key }: DataProduct, at: Path) => {
  judgeKey(reader, { key, most: MOST.product, at });
};

const productShape = z.object({
  id: z.string().min(1),
  environment: z
    .string()
    .max(MAX_ENVIRONMENT, `must not be longer than ${String(MAX_ENVIRONMENT)} characters`)
    .regex(/^[A-Za-z0-9._-]+$/, 'may have only letters, digits, dots, dashes and underscores'),
});

/** The four names in a component's URN, `urn:dmb:cmp:<domain>:<product>:<major>:<component>`. */
const namesIn = (reader: Reader, id: string, at: Path) => {
  const [urn, dmb, cmp, domain, product, major, component, ...more] = id.toLowerCase().split(':');
  const names = [domain, product, major, component];
  const isUrn = urn === 'urn' && dmb === 'dmb' && cmp === 'cmp';
  if (!isUrn || names.some((name) => !isName(name))) {
    reader.refuse(at, 'must be urn:dmb:cmp:<domain>:<product>:<major>:<component>');
    return undefined;
  }
  if (!domain || !product || !major || !component) return undefined;
  if (more.length > 0) {
    reader.refuse(at, 'names a subcomponent; this provisioner provisions whole components only');
    return undefined;
  }
  return { domain, product, major, component };
};

const componentIn = (environment: string, names: NonNullable<ReturnType<typeof namesIn>>) => {
  const { domain, product, major, component } = names;
  return {
    environment,
    ...names,
    key: `${environment}/${domain}.${product}.${major}.${component}`,
  };
};

/** Whom `componentIdToProvision` is about; URNs are case-insensitive. */
export const identityOf = (
  reader: Reader,
  dataProduct: unknown,
  id: string,
): Component | undefined => {
  const product = reader.read(productShape, dataProduct, ['dataProduct']);
  const names = namesIn(reader, id, ['componentIdToProvision']);
  if (!product || !names) return undefined;
  const { domain, product: name, major } = names;
  if (product.id.toLowerCase() !== `urn:dmb:dp:${domain}:${name}:${major}`) {
    reader.refuse(['dataProduct', 'id'], `is not the product of the component ${id}`);
    return undefined;
  }
  const component = componentIn(product.environment, names);
  reader.concern(component.key);
  return component;
};

/** Which data product a descriptor is of, by its `id` `urn:dmb:dp:<domain>:<product>:<major>`. */
export const dataProductOf = (
  reader: Reader,
  dataProduct: unknown,
  at: Path,
): DataProduct | undefined => {
  const given = reader.read(productShape, dataProduct, at);
  if (!given) return undefined;
  const [urn, dmb, dp, ...names] = given.id.toLowerCase().split(':');
  const isUrn = urn === 'urn' && dmb === 'dmb' && dp === 'dp' && names.length === 3;
  const [domain, product, major] = names;
  if (!isUrn || !domain || !product || !major || names.some((name) => !isName(name))) {
    reader.refuse([...at, 'id'], 'must be urn:dmb:dp:<domain>:<product>:<major>');
    return undefined;
  }
  const { environment } = given;
  const key = `${environment}/${names.join('.')}`;
  reader.concern(key);
  return { environment, domain, product, major, key };
};

/** Which of a data product's components an id is about; an unknown product's problem is told already. */
export const memberOf = (
  reader: Reader,
  owner: DataProduct | undefined,
  { id, at }: { id: string; at: Path },
): Component | undefined => {
  const names = namesIn(reader, id, at);
  if (!names || !owner) return undefined;
  const isOwned = (['domain', 'product', 'major'] as const).every(
    (name) => names[name] === owner[name],
  );
  if (!isOwned) {
    const { domain, product, major } = owner;
    reader.refuse(
      at,
      `is not a component of the data product urn:dmb:dp:${domain}:${product}:${major}`,
    );
    return undefined;
  }
  return componentIn(owner.environment, names);
};
