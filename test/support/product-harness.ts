import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { descriptor } from './fixtures';
import type { Changes } from './fixtures';
import { eventually } from './harness';
import type { Harness } from './harness';

const Document = z.object({
  dataProduct: z.looseObject({ components: z.tuple([z.unknown(), z.looseObject({})]) }),
});

/** Of other technologies, in forms of their own. */
const FOREIGN = [
  { kind: 'storage', id: 'urn:dmb:cmp:finance:cashflow:0:warehouse', specific: 42 },
  null,
  { kind: 'workload', id: 'urn:dmb:cmp:finance:cashflow:0:dag', technology: 'airflow' },
];

/** A component of a data product, and what differs from the fixture's. */
export interface Wish extends Changes {
  component: string;
  /** Instead of all that tells what the pipeline is. */
  specific?: unknown;
}

/** The text of a DATAPRODUCT_DESCRIPTOR with these components of ours among others. */
export const productDescriptor = (environment: string, wishes: Wish[], more: object = {}) => {
  const documents = wishes.map(({ specific, ...changes }) => {
    const { dataProduct } = Document.parse(parse(descriptor({ environment, ...changes })));
    const [, component] = dataProduct.components;
    return {
      dataProduct,
      component: specific === undefined ? component : { ...component, specific },
    };
  });
  const components = [...FOREIGN, ...documents.map(({ component }) => component)];
  return stringify({ ...documents[0]?.dataProduct, components, ...more });
};

/** The operations of a data product, as the Coordinator asks for them. */
export const productsOf = (harness: Harness) => {
  const bodyOf = (wishes: Wish[], more: object = {}) => ({
    descriptorKind: 'DATAPRODUCT_DESCRIPTOR',
    descriptor: productDescriptor(harness.environment, wishes),
    ...more,
  });
  const start = async (
    operation: 'provision' | 'unprovision',
    wishes: Wish[],
    more: object = {},
  ): Promise<string> => {
    const answer = await harness.post(`/v1/${operation}`, bodyOf(wishes, more));
    if (answer.status !== 202) throw new Error(`${String(answer.status)} ${answer.text}`);
    return answer.text;
  };
  const finished = (token: string) =>
    eventually(async () => {
      const status = await harness.status(token);
      return ['RUNNING', 'TERMINATING'].includes(status.status) ? undefined : status;
    }, `the end of ${token}`);
  return {
    bodyOf,
    start,
    finished,
    run: async (...given: Parameters<typeof start>) => finished(await start(...given)),
    /** The runs of the components that a run has started: ids, oldest first. */
    children: async (token: string) => {
      const { events } = await harness.client.workflow.getHandle(token).fetchHistory();
      return (events ?? []).flatMap((event) => {
        const started = event.childWorkflowExecutionStartedEventAttributes;
        const id = started?.workflowExecution?.workflowId ?? '';
        return /^(un)?provision\./.test(id) ? [id] : [];
      });
    },
  };
};
