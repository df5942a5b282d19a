import type { Component } from './component';
import { isTagged, partsOf } from './names';
import { canonical } from './state';
import type { Grant, Named, State } from './state';
import { databaseOf, roleOf, schemaOf } from './things';
import type { Spec, SpecOf } from './things';

/* What of a component is to be made, and what is there. Looks at nothing itself. */

/** What destination-snowflake 4.x does in its schema: tables, stages for files, and how they are read. */
const WRITES = ['USAGE', 'CREATE TABLE', 'CREATE STAGE', 'CREATE FILE FORMAT'];
/** Of a database that is nobody else's Airbyte makes its internal schema itself. */
const IN_DATABASE = ['USAGE', 'CREATE SCHEMA'];
const BY_SNOWFLAKE = ['INFORMATION_SCHEMA', 'PUBLIC'];

export const schemaNamed = ({ schemas }: State, name: string) =>
  schemas.find((each) => each.name === name);

/** The component's, and there. */
export const isOurs = (named: Named | undefined, tag: string) => named?.comment === tag;

const isDatabaseOurs = ({ database }: State, { domainTag }: Component) =>
  isOurs(database, domainTag);

/** Privileges of these that a role has; who owns something has all. */
export const held = (grants: readonly Grant[], to: string, privileges: readonly string[]) => {
  const its = grants.filter(({ grantee }) => grantee === to);
  const owns = its.some(({ privilege }) => privilege === 'OWNERSHIP');
  return privileges.filter((each) => owns || its.some(({ privilege }) => privilege === each));
};

const grantsOn = (state: State, { kind, parts }: SpecOf<'use'>): Grant[] =>
  kind === 'DATABASE' ? state.onDatabase : (state.onSchemas.get(parts[1] ?? '') ?? []);

/** Those that are not there of what it says. */
export const lacking = (state: State, spec: SpecOf<'use'>) => {
  const has = held(grantsOn(state, spec), spec.to, spec.privileges);
  return spec.privileges.filter((each) => !has.includes(each));
};

const KIND = { TABLES: 'TABLE', VIEWS: 'VIEW' } as const;

/** Whether anything that can be seen may not be read. */
const isUnread = (state: State, { kind, parts: [database, schema] }: SpecOf<'select'>) =>
  !state.areObjectsCut &&
  state.objects.some((each) => {
    const parts = [database, schema, each.name];
    const names = [parts.join('.'), canonical(parts)];
    return each.kind === KIND[kind] && !names.some((name) => state.selected.has(name));
  });

const isSelected = (state: State, spec: SpecOf<'select'>) => {
  if (spec.extent === 'ALL') return !isUnread(state, spec);
  return state.future.some(
    ({ privilege, on, grantee }) =>
      privilege === 'SELECT' && on === KIND[spec.kind] && grantee === spec.to,
  );
};

/** Whether anything of a kind is granted by itself. */
const hasSelect = ({ toRole }: State, { kind, parts }: SpecOf<'select'>) =>
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

const selectsOf = ({ place, readRole }: Component): SpecOf<'select'>[] =>
  SELECTS.map((each) => ({
    is: 'select',
    ...each,
    parts: [place.database, place.schema],
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

/** Whether anything in the database is somebody else's, who writes with Airbyte's role. */
export const isUsedByOthers = (state: State, { tag, airbyteRole, internal }: Component) =>
  state.areSchemasCut ||
  state.schemas.some(
    ({ name, comment, owner }) =>
      comment !== tag && (isTagged(comment) || (owner === airbyteRole && name !== internal)),
  );

/**
 * Privileges of these that are ours to take: on what is the component's, or of its role. Of others' things
 * what was granted by others is others' to take.
 */
const given = (state: State, component: Component, spec: SpecOf<'use'>): SpecOf<'use'>[] => {
  const isOurs = spec.kind === 'SCHEMA' || spec.to === component.readRole;
  const privileges = spec.privileges.filter((each) =>
    grantsOn(state, spec).some(
      ({ privilege, grantee, by }) =>
        privilege === each && grantee === spec.to && (isOurs || by === component.manager),
    ),
  );
  return privileges.length > 0 ? [{ ...spec, privileges }] : [];
};

const usesOf = (state: State, component: Component, schema: string): Spec[] => {
  const { airbyteRole, readRole, place, manager } = component;
  const on = { is: 'use', kind: 'SCHEMA', parts: [place.database, schema] } as const;
  const parts: [string, string] = [place.database, schema];
  return [
    ...(airbyteRole === manager
      ? []
      : given(state, component, { ...on, parts, to: airbyteRole, privileges: WRITES })),
    ...given(state, component, { ...on, parts, to: readRole, privileges: ['USAGE'] }),
  ];
};

const isOnlyOurs = ({ schemas, areSchemasCut }: State, { tag }: Component) =>
  !areSchemasCut &&
  schemas.every(({ name, comment }) => comment === tag || BY_SNOWFLAKE.includes(name));

/** What is there of the component, in the order in which it is taken away: the role last. */
export const presentIn = (state: State, component: Component): Spec[] => {
  const { place, tag, readRole, airbyteRole, manager, manages } = component;
  const ours = state.schemas.filter(({ comment }) => comment === tag).map(({ name }) => name);
  const hasRole = isOurs(state.role, tag);
  const database: [string] = [place.database];
  const use = { is: 'use', kind: 'DATABASE', parts: database, privileges: IN_DATABASE } as const;
  const isLast = !isUsedByOthers(state, component) && airbyteRole !== manager;
  return [
    ...ours.flatMap((schema) => usesOf(state, component, schema)),
    ...(hasRole
      ? [
          ...selectsOf(component).filter((spec) =>
            spec.extent === 'ALL' ? hasSelect(state, spec) : isSelected(state, spec),
          ),
          ...given(state, component, { ...use, privileges: ['USAGE'], to: readRole }),
        ]
      : []),
    ...ours.map((schema) => schemaOf(place.database, schema)),
    ...(isLast
      ? given(state, component, { ...use, privileges: IN_DATABASE, to: airbyteRole })
      : []),
    ...(manages.database && isDatabaseOurs(state, component) && isOnlyOurs(state, component)
      ? [databaseOf(place.database)]
      : []),
    ...(hasRole ? [roleOf(readRole)] : []),
  ];
};
