import { isRecord } from '../contract/json';

/** The infrastructureTemplateIds of components that are ours; none: they are told by their form. */
export type Templates = readonly string[];

const BY_NAME = ['infrastructureTemplateId', 'useCaseTemplateId', 'technology'];

const namesAirbyte = (component: Record<string, unknown>) =>
  BY_NAME.some((field) => {
    const value = component[field];
    return typeof value === 'string' && value.toLowerCase().includes('airbyte');
  });

const hasPipeline = ({ specific }: Record<string, unknown>) =>
  isRecord(specific) && isRecord(specific.source) && isRecord(specific.connection);

/**
 * Whether a component of a data product is an Airbyte pipeline, and so this provisioner's. Looks at
 * any value and validates nothing: the others have forms of their own.
 */
export const isOwned = (component: unknown, templates: Templates): boolean => {
  if (!isRecord(component)) return false;
  const { infrastructureTemplateId: template, kind } = component;
  // Compared exactly, as Witboost does with this one id.
  if (templates.length > 0) return templates.some((owned) => owned === template);
  const isWorkload = typeof kind === 'string' && kind.toLowerCase() === 'workload';
  return isWorkload && (namesAirbyte(component) || hasPipeline(component));
};

/** What a data product without a component of ours lacks. */
export const noneIsOwned = (templates: Templates) =>
  templates.length > 0
    ? `has no component of this provisioner: none has an infrastructureTemplateId of ${templates.join(', ')} (letter case counts)`
    : 'has no component of this provisioner: none is a workload that names airbyte in its infrastructureTemplateId, useCaseTemplateId or technology, or that has both specific.source and specific.connection';
