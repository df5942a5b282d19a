import type {
  Named,
  OfDeployment,
  Part,
  ProductInput,
  ProvisionInput,
  Retry,
  UnprovisionInput,
  UpdateAclInput,
} from '../workflows/input';
import type { AccessRequest } from './access-request';
import type { Component, DataProduct } from './component';
import type { Descriptor, Identity } from './descriptor';
import { attributesOf } from './search-attributes';
import { tokenFor } from './token';
import type { Operation } from './token';

/** Temporal takes 400 bytes of summary; a character may need four. */
const MAX_SUMMARY = 100;
/** Of components, or people, in the details of a run. */
const MAX_NAMES = 50;

/** The line that the Temporal UI has for a run. */
export const summaryOf = (
  operation: Operation,
  what: string,
  { product, environment }: Pick<DataProduct, 'product' | 'environment'>,
) => `${operation} ${what} of ${product} in ${environment}`.slice(0, MAX_SUMMARY);

/** Markdown, for the person who opens the run in the Temporal UI. */
export const detailsOf = (
  { domain, product, major, environment }: Omit<DataProduct, 'key'>,
  { what, lines }: { what: string; lines: string[] },
) =>
  [
    what,
    `- **Data product** ${domain} / ${product}, version ${major}`,
    `- **Environment** ${environment}`,
    ...lines,
  ].join('\n');

/** What starts the run of a component: the same alone and as part of its data product's. */
const partOf = <Input extends Named>(
  operation: 'provision' | 'unprovision',
  { component: of, wanted, lines, input }: Given<Input>,
): Part<Input> => {
  const { component } = of;
  const token = tokenFor(operation, of.key, { ...wanted, deployment: input.deployment });
  return {
    token,
    component,
    input,
    summary: summaryOf(operation, component, of),
    details: detailsOf(of, { what: `- **Component** ${component}`, lines }),
    attributes: attributesOf(token),
  };
};

interface Given<Input> {
  component: Component;
  /** All that decides what the run would do. */
  wanted: object;
  lines: string[];
  input: Input;
}

export const provisionPart = (
  { plan, known, warnings, ignored, notes }: Descriptor,
  { retry, deployment }: Named & { retry: Retry },
): Part<ProvisionInput> =>
  partOf('provision', {
    component: plan.component,
    wanted: plan,
    input: {
      ...{ plan, known, warnings, ...(ignored.count > 0 && { ignored }), notes },
      ...{ retry, deployment },
    },
    lines: [
      `- **Source** ${plan.source.name} (${plan.source.connector})`,
      `- **Destination** ${plan.destination.name} (${plan.destination.connector})`,
      `- **Connection** ${plan.connection.name}`,
    ],
  });

export const unprovisionPart = (
  { component, known }: Identity,
  { removeData, ...given }: OfDeployment & { removeData: boolean; retry: Retry },
): Part<UnprovisionInput> =>
  partOf('unprovision', {
    component,
    wanted: { removeData },
    input: { component, known, removeData, ...given },
    lines: [`- **Data in the destination** ${removeData ? 'removed too' : 'kept'}`],
  });

/** What starts the run of a data product. */
export const productRun = <Input>(
  operation: 'provisionProduct' | 'unprovisionProduct',
  product: DataProduct,
  given: Omit<ProductInput<Input>, 'key'>,
) => {
  const input: ProductInput<Input> = { key: product.key, ...given };
  const names = input.parts.map(({ component }) => component);
  const what = `- **Components** ${names.slice(0, MAX_NAMES).join(', ')}`;
  return {
    // The order in a descriptor says nothing about what is wanted.
    token: tokenFor(operation, product.key, {
      parts: input.parts.map(({ token }) => token).sort(),
    }),
    input,
    summary: summaryOf(operation, `${String(names.length)} components`, product),
    details: detailsOf(product, { what, lines: [] }),
  };
};

/** What starts the run that gives access to a component. */
export const accessStart = (request: AccessRequest, given: OfDeployment & { retry: Retry }) => {
  const { component, people } = request;
  const refs = people.flatMap((principal) => principal.refs);
  const input: UpdateAclInput = { ...request, ...given };
  const line = `- **Shall have access** ${refs.slice(0, MAX_NAMES).join(', ') || 'nobody'}`;
  return {
    token: tokenFor('updateacl', component.key, { refs, deployment: given.deployment }),
    args: [input],
    summary: summaryOf('updateacl', component.component, component),
    details: detailsOf(component, {
      what: `- **Component** ${component.component}`,
      lines: [line],
    }),
  };
};
