import type { Component } from '../look/component';
import { changesBy } from '../sql/statements';
import type { Statement } from '../sql/statements';
import type { Spec } from '../look/things';

/* What a thing is made with, and taken away. */

const commentOf = (spec: Spec, { tag, domainTag }: Component) =>
  spec.is === 'database' ? domainTag : tag;

export const making = (spec: Spec, component: Component): Statement => {
  const by = changesBy(component.manager);
  const comment = commentOf(spec, component);
  switch (spec.is) {
    case 'database':
      return by.createDatabase(spec.parts[0], comment);
    case 'schema':
      return by.createSchema(spec.parts, comment);
    case 'role':
      return by.createRole(spec.parts[0], comment);
    case 'use':
      return by.grant(spec.privileges, spec);
    case 'select':
      return by.grantSelect(spec.extent, spec);
  }
};

export const unmaking = (spec: Spec, { manager }: Component): Statement => {
  const by = changesBy(manager);
  switch (spec.is) {
    case 'database':
      return by.dropDatabase(spec.parts[0]);
    case 'schema':
      return by.dropSchema(...spec.parts);
    case 'role':
      return by.dropRole(spec.parts[0]);
    case 'use':
      return by.revoke(spec.privileges, spec);
    case 'select':
      return by.revokeSelect(spec.extent, spec);
  }
};

/** What is taken back of a drop, as far as Snowflake keeps it; else it is made anew. */
export const bringingBack = (spec: Spec, component: Component): Statement => {
  const by = changesBy(component.manager);
  if (spec.is === 'schema') return by.undropSchema(...spec.parts);
  return spec.is === 'database' ? by.undropDatabase(spec.parts[0]) : making(spec, component);
};

const ORDER = ['database', 'use DATABASE', 'schema', 'role', 'use SCHEMA', 'select'];
const rankOf = (spec: Spec) => ORDER.indexOf(spec.is === 'use' ? `use ${spec.kind}` : spec.is);

/** What others stand on comes first. */
export const inOrder = (specs: readonly Spec[], component: Component) => {
  // A role is made before anything is granted to it.
  const rank = (spec: Spec) =>
    spec.is === 'use' && spec.to === component.readRole ? ORDER.length - 1.5 : rankOf(spec);
  return [...specs].sort((one, other) => rank(one) - rank(other));
};

/** Whether a thing goes with another that is dropped. */
export const goesWith = (spec: Spec, dropped: Spec): boolean => {
  if (spec.is !== 'use' && spec.is !== 'select') return false;
  if (dropped.is === 'role') return spec.to === dropped.parts[0];
  if (dropped.is === 'database') return spec.parts[0] === dropped.parts[0];
  if (dropped.is !== 'schema') return false;
  return spec.parts[0] === dropped.parts[0] && spec.parts[1] === dropped.parts[1];
};
