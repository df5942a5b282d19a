import { z } from 'zod';
import type { Reader } from './reader';

/** Whose pipeline it is. `key` names it in Airbyte: `<environment>/<domain>.<product>.<major>.<component>`. */
export interface Component {
  environment: string;
  domain: string;
  product: string;
  major: string;
  component: string;
  key: string;
}

const NAME = /^[A-Za-z0-9_-]+$/;

const productShape = z.object({
  id: z.string().min(1),
  environment: z
    .string()
    .regex(/^[A-Za-z0-9._-]+$/, 'may have only letters, digits, dots, dashes and underscores'),
});

/** `urn:dmb:cmp:<domain>:<product>:<major>:<component>`; URNs are case-insensitive. */
export const identityOf = (
  reader: Reader,
  dataProduct: unknown,
  id: string,
): Component | undefined => {
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
