import type {
  Named,
  OfDeployment,
  Part,
  ProductInput,
  ProvisionInput,
  Retry,
  UnprovisionInput,
  UpdateAclInput,
} from '../../workflows/input';
import type { AccessRequest } from '../descriptor/access-request';
import type { Component, DataProduct } from '../descriptor/component';
import type { Descriptor, Identity } from '../descriptor/descriptor';
import { asSummary, cut, firstFew, MAX_COLUMN } from '../../workflows/protocol/lengths';
import type { Identities, Plans } from '../descriptor/product';
import { attributesOf } from './search-attributes';
import type { Start } from './start';
import { tokenFor } from './token';
import type { Operation } from '../../workflows/protocol/run-names';

/** Of components, or people, in the details of a run. */
const MAX_NAMES = 50;
/** Characters of the details, and of a line in them: Temporal takes 20,000 bytes. */
const MAX_DETAILS = 5000;
const MAX_LINE = 3000;

/** The line that the Temporal UI has for a run. */
export const summaryOf = (
  operation: Operation,
  what: string,
  { product, environment }: Pick<DataProduct, 'product' | 'environment'>,
) => asSummary(`${operation} ${what} of ${product} in ${environment}`);

/** Markdown, for the person who opens the run in the Temporal UI. */
export const detailsOf = (
  { domain, product, major, environment }: Omit<DataProduct, 'key'>,
  { what, lines }: { what: string; lines: string[] },
) =>
  cut(
    [
      what,
      `- **Data product** ${domain} / ${product}, version ${major}`,
      `- **Environment** ${environment}`,
      ...lines,
    ]
      .map((line) => cut(line, MAX_LINE))
      .join('\n'),
    MAX_DETAILS,
  );

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

const provisionPart = (
  { plan, known, places, warnings, ignored, notes }: Descriptor,
  given: OfDeployment & { retry: Retry },
): Part<ProvisionInput> =>
  partOf('provision', {
    component: plan.component,
    wanted: plan,
    input: {
      plan,
      known,
      ...(places.length > 0 && { places }),
      warnings,
      ...(ignored.count > 0 && { ignored }),
      notes,
      ...given,
    },
    lines: [
      `- **Source** ${cut(plan.source.name, MAX_COLUMN)} (${plan.source.connector})`,
      `- **Destination** ${cut(plan.destination.name, MAX_COLUMN)} (${plan.destination.connector})`,
      `- **Connection** ${plan.connection.name}`,
    ],
  });

const unprovisionPart = (
  { component, known, places }: Identity,
  { removeData, ...given }: OfDeployment & { removeData: boolean; retry: Retry },
): Part<UnprovisionInput> =>
  partOf('unprovision', {
    component,
    wanted: { removeData },
    input: { component, known, places, removeData, ...given },
    lines: [`- **Data in the destination** ${removeData ? 'removed too' : 'kept'}`],
  });

/** What starts the run of a data product. */
const productRun = <Input>(
  operation: 'provisionProduct' | 'unprovisionProduct',
  product: DataProduct,
  given: Omit<ProductInput<Input>, 'key'>,
) => {
  const input: ProductInput<Input> = { key: product.key, ...given };
  const names = input.parts.map(({ component }) => component);
  const what = `- **Components** ${firstFew(names, MAX_NAMES).join(', ')}`;
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

/** The run of one component, or of the data product that is named. */
const startOf = <Input>(
  operation: 'provisionProduct' | 'unprovisionProduct',
  { product, warnings, notes }: Pick<Plans, 'product' | 'warnings' | 'notes'>,
  { parts, deployment }: Named & { parts: Part<Input>[] },
): StartOf => {
  const run = product
    ? productRun(operation, product, { parts, warnings, notes, deployment })
    : onlyOne(parts);
  const { token, input, summary, details } = run;
  return { token, args: [input], summary, details };
};

const onlyOne = <Item>([part]: Item[]): Item => {
  if (part === undefined) throw new Error('A request without a component was taken.');
  return part;
};

/** Of a request that is repeated: which runs of the token may have closed before is all the same. */
export type StartOf = Omit<Start, 'after'>;

/** What starts the run that makes the pipeline, or those of a data product, as wanted. */
export const provisionStart = (plans: Plans, given: OfDeployment & { retry: Retry }): StartOf =>
  startOf('provisionProduct', plans, {
    parts: plans.descriptors.map((descriptor) => provisionPart(descriptor, given)),
    deployment: given.deployment,
  });

/** What starts the run that removes them, and with `removeData` what they wrote. */
export const unprovisionStart = (
  identities: Identities,
  given: OfDeployment & { removeData: boolean; retry: Retry },
): StartOf =>
  startOf('unprovisionProduct', identities, {
    parts: identities.identities.map((identity) => unprovisionPart(identity, given)),
    deployment: given.deployment,
  });

/** What starts the run that gives access to a component. */
export const accessStart = (
  request: AccessRequest,
  given: OfDeployment & { retry: Retry },
): StartOf => {
  const { component, people } = request;
  const refs = people.flatMap((principal) => principal.refs);
  const input: UpdateAclInput = { ...request, ...given };
  const line = `- **Shall have access** ${firstFew(refs, MAX_NAMES).join(', ') || 'nobody'}`;
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
