import { isTagged } from '../../tags';
import type { Component } from './component';
import type { Grant, Named } from './looks';
import { canonical, partsOf } from '../sql/names';
import { holding } from './state';
import type { State } from './state';
import { databaseOf, roleOf, schemaOf } from './things';
import type { NamedSpec, Spec, SpecOf } from './things';

/* What of a component is to be made, and what is there. Looks at nothing itself. */

/** What destination-snowflake 4.x does in its schema: tables, stages for files, and how they are read. */
export const WRITES = ['USAGE', 'CREATE TABLE', 'CREATE STAGE', 'CREATE FILE FORMAT'];
/** Of a database that is nobody else's Airbyte makes its internal schema itself. */
export const IN_DATABASE = ['USAGE', 'CREATE SCHEMA'];

export const schemaNamed = ({ schemas }: State, name: string) =>
  schemas.find((each) => each.name === name);

/** The component's, and there. */
export const isOurs = (named: Named | undefined, tag: string) => named?.comment === tag;

/** Being removed, by whom of the domain ever. */
export const isClosing = ({ database }: State, { closingTag }: Component) =>
  isOurs(database, closingTag);

export const isDatabaseOurs = (state: State, component: Component) =>
  isOurs(state.database, component.domainTag) || isClosing(state, component);

/** The schema that Airbyte makes for itself in each database it writes to, once. */
export const isAirbytesOwn = (
  { name, owner, comment }: Named,
  { internal, airbyteRole }: Component,
) => name === internal && owner === airbyteRole && !isTagged(comment);

/** Privileges of these that a role has; who owns something has all. */
export const held = (grants: readonly Grant[], to: string, privileges: readonly string[]) => {
  const its = grants.filter(({ grantee }) => grantee === to);
  const owns = its.some(({ privilege }) => privilege === 'OWNERSHIP');
  return privileges.filter((each) => owns || its.some(({ privilege }) => privilege === each));
};

export const grantsOn = (state: State, { kind, parts }: SpecOf<'use'>): Grant[] =>
  kind === 'DATABASE' ? state.onDatabase : (state.onSchemas.get(parts[1] ?? '') ?? []);

/** Whether it may be there though it is not seen: of so many grants Snowflake does not tell. */
export const isUntold = (state: State, spec: Spec) =>
  spec.is === 'use' && state.untold.has(holding(spec.kind, spec.parts, spec.to));

/** Those that are not there of what it says. */
export const lacking = (state: State, spec: SpecOf<'use'>) => {
  const has = held(grantsOn(state, spec), spec.to, spec.privileges);
  return spec.privileges.filter((each) => !has.includes(each));
};

const KIND = { TABLES: 'TABLE', VIEWS: 'VIEW' } as const;

const NOTHING = { objects: [], areObjectsCut: false, future: [] };

/** What there is to read in the schema that it is about; of one that is not the component's nothing. */
export const readableIn = ({ readable }: State, { parts: [, schema] }: SpecOf<'select'>) =>
  readable.get(schema) ?? NOTHING;

/** Whether anything that can be seen may not be read. */
const isUnread = (state: State, spec: SpecOf<'select'>) => {
  const { objects, areObjectsCut } = readableIn(state, spec);
  if (areObjectsCut || state.isToRoleCut) return false;
  return objects.some((each) => {
    const parts = [...spec.parts, each.name];
    const names = [parts.join('.'), canonical(parts)];
    return each.kind === KIND[spec.kind] && !names.some((name) => state.selected.has(name));
  });
};

export const isSelected = (state: State, spec: SpecOf<'select'>) => {
  if (spec.extent === 'ALL') return !isUnread(state, spec);
  return readableIn(state, spec).future.some(
    ({ privilege, on, grantee }) =>
      privilege === 'SELECT' && on === KIND[spec.kind] && grantee === spec.to,
  );
};

/** Whether anything of a kind is granted by itself. */
export const hasSelect = ({ toRole }: State, { kind, parts }: SpecOf<'select'>) =>
  toRole.some(
    ({ privilege, on, name }) =>
      privilege === 'SELECT' &&
      on === KIND[kind] &&
      (canonical(partsOf(name).slice(0, 2)) === canonical(parts) ||
        name.startsWith(`${parts.join('.')}.`)),
  );

/** Whether it is there, and the component's. */
export const isThere = (state: State, component: Component, spec: Spec): boolean => {
  if (spec.is === 'database') return isDatabaseOurs(state, component);
  if (spec.is === 'schema') return isOurs(schemaNamed(state, spec.parts[1]), component.tag);
  if (spec.is === 'role') return isOurs(state.role, component.tag);
  if (spec.is === 'use') return lacking(state, spec).length < spec.privileges.length;
  // Where there is nothing to read, nothing is granted.
  return spec.extent === 'ALL' ? hasSelect(state, spec) : isSelected(state, spec);
};

/** What has the name of a database, schema or role, whosever it is. */
export const namedBy = (state: State, spec: NamedSpec): Named | undefined => {
  if (spec.is === 'database') return state.database;
  return spec.is === 'schema' ? schemaNamed(state, spec.parts[1]) : state.role;
};

/** Whether `prepare` has yet to do something about it. */
export const isMissing = (state: State, component: Component, spec: Spec): boolean => {
  if (spec.is === 'use') return lacking(state, spec).length > 0;
  if (spec.is !== 'select') return !isThere(state, component, spec);
  return !isSelected(state, spec);
};

const useOf = (state: State, spec: Omit<SpecOf<'use'>, 'is'>): SpecOf<'use'>[] => {
  const privileges = lacking(state, { is: 'use', ...spec });
  return privileges.length > 0 ? [{ is: 'use', ...spec, privileges }] : [];
};

const forAirbyte = (state: State, component: Component) => {
  const { airbyteRole: to, manager, place } = component;
  const isMade = !state.database || isDatabaseOurs(state, component);
  const privileges = isMade ? IN_DATABASE : ['USAGE'];
  // What its own role makes, it owns.
  const onDatabase =
    to === manager && isMade
      ? []
      : useOf(state, { kind: 'DATABASE', parts: [place.database], to, privileges });
  const parts: [string, string] = [place.database, place.schema];
  const onSchema =
    to === manager ? [] : useOf(state, { kind: 'SCHEMA', parts, to, privileges: WRITES });
  return { onDatabase, onSchema };
};

const SELECTS = [
  { extent: 'FUTURE', kind: 'TABLES' },
  { extent: 'FUTURE', kind: 'VIEWS' },
  { extent: 'ALL', kind: 'TABLES' },
  { extent: 'ALL', kind: 'VIEWS' },
] as const;

export const selectsOf = (
  { place, readRole }: Component,
  schema = place.schema,
): SpecOf<'select'>[] =>
  SELECTS.map((each) => ({
    is: 'select',
    ...each,
    parts: [place.database, schema],
    to: readRole,
  }));

const toRead = (state: State, component: Component): Spec[] => {
  const { place, readRole: to } = component;
  const isSchemaThere = isThere(state, component, {
    is: 'schema',
    parts: [place.database, place.schema],
  });
  return [
    ...(isOurs(state.role, component.tag) ? [] : [roleOf(to)]),
    ...useOf(state, { kind: 'DATABASE', parts: [place.database], to, privileges: ['USAGE'] }),
    ...useOf(state, {
      kind: 'SCHEMA',
      parts: [place.database, place.schema],
      to,
      privileges: ['USAGE'],
    }),
    ...selectsOf(component).filter((spec) =>
      // What cannot be seen of an older schema is granted with the rest of it.
      spec.extent === 'ALL' && isSchemaThere && !state.role
        ? true
        : isMissing(state, component, spec),
    ),
  ];
};

/** What is to be made, in the order of making. */
export const missingIn = (state: State, component: Component): Spec[] => {
  const { place, tag, manages } = component;
  if (!manages.schema) return [];
  const airbyte = forAirbyte(state, component);
  const isSchemaThere = isOurs(schemaNamed(state, place.schema), tag);
  return [
    ...(state.database || !manages.database ? [] : [databaseOf(place.database)]),
    ...airbyte.onDatabase,
    ...(isSchemaThere ? [] : [schemaOf(place.database, place.schema)]),
    ...airbyte.onSchema,
    ...(manages.access ? toRead(state, component) : []),
  ];
};
