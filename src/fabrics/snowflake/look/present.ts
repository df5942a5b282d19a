import { isTagged } from '../../tags';
import { isOwnSchema } from './component';
import type { Component } from './component';
import type { Grant } from './looks';
import {
  IN_DATABASE,
  WRITES,
  grantsOn,
  hasSelect,
  isAirbytesOwn,
  isDatabaseOurs,
  isOurs,
  isSelected,
  schemaNamed,
  selectsOf,
} from './judgement';
import type { State } from './state';
import { databaseOf, roleOf, schemaOf } from './things';
import type { Spec, SpecOf } from './things';

/* What is there of a component and ours to take away, and what stays. Looks at nothing itself. */

/** Whether another component has a schema in the database, as far as its schemas are looked at. */
export const hasOthers = ({ schemas, areSchemasCut }: State, { tag }: Component) =>
  areSchemasCut || schemas.some(({ comment }) => comment !== tag && isTagged(comment));

/** Whether anything in the database is somebody else's, who writes with Airbyte's role. */
export const isUsedByOthers = (state: State, component: Component) =>
  hasOthers(state, component) ||
  state.schemas.some(
    (each) =>
      each.comment !== component.tag &&
      each.owner === component.airbyteRole &&
      !isAirbytesOwn(each, component),
  );

/** In whose names we grant: on what is ours in its owner's, too, who may have managed before. */
const ourNames = (state: State, component: Component, { kind, parts }: SpecOf<'use'>) => {
  const { manager, formerManagers } = component;
  if (kind === 'DATABASE' && !isDatabaseOurs(state, component)) return [manager];
  const it = kind === 'DATABASE' ? state.database : schemaNamed(state, parts[1] ?? '');
  return [manager, ...formerManagers, it?.owner];
};

/**
 * Privileges of these that are ours to take: what the component's role has, or Airbyte's on what is the
 * component's. Of the rest what was granted by others is others' to take.
 */
const given = (state: State, component: Component, spec: SpecOf<'use'>): SpecOf<'use'>[] => {
  const { airbyteRole, readRole } = component;
  const isOurs = spec.to === readRole || (spec.kind === 'SCHEMA' && spec.to === airbyteRole);
  const names = ourNames(state, component, spec);
  const privileges = spec.privileges.filter((each) =>
    grantsOn(state, spec).some(
      ({ privilege, grantee, by }) =>
        privilege === each && grantee === spec.to && (isOurs || names.includes(by)),
    ),
  );
  return privileges.length > 0 ? [{ ...spec, privileges }] : [];
};

/** Roles beside the present one that have all of these by themselves, as only who loads is granted. */
const otherLoaders = (
  grants: readonly Grant[],
  { airbyteRole, readRole, manager, formerManagers }: Component,
  privileges: readonly string[],
) => {
  const known = [airbyteRole, readRole, manager, ...formerManagers];
  const has = (role: string, each: string) =>
    grants.some(({ privilege, grantee }) => privilege === each && grantee === role);
  return [...new Set(grants.map(({ grantee }) => grantee))].filter(
    (role) => !known.includes(role) && privileges.every((each) => has(role, each)),
  );
};

const LOADS = WRITES.filter((each) => each !== 'USAGE');

const loadersOfSchema = (state: State, component: Component, schema: string) =>
  otherLoaders(state.onSchemas.get(schema) ?? [], component, LOADS);

/** The component for each role that was Airbyte's here before the fabric had another. */
const asFormerLoaders = (state: State, component: Component): Component[] => {
  const ofSchemas = [...state.onSchemas.keys()].flatMap((schema) =>
    loadersOfSchema(state, component, schema),
  );
  const ofDatabase = isDatabaseOurs(state, component)
    ? otherLoaders(state.onDatabase, component, IN_DATABASE)
    : [];
  return [...new Set([...ofSchemas, ...ofDatabase])].map((airbyteRole) => ({
    ...component,
    airbyteRole,
  }));
};

/** What `prepare` grants Airbyte's role on the database: of one that is not ours no more than its use. */
const forLoader = (state: State, component: Component): SpecOf<'use'> => ({
  is: 'use',
  kind: 'DATABASE',
  parts: [component.place.database],
  privileges: isDatabaseOurs(state, component) ? IN_DATABASE : ['USAGE'],
  to: component.airbyteRole,
});

/** What Airbyte's roles have of the database that nobody else needs them to have. */
const usesOfDatabase = (state: State, component: Component): Spec[] =>
  [component, ...asFormerLoaders(state, component)]
    .filter((each) => each.airbyteRole !== each.manager && !isUsedByOthers(state, each))
    .flatMap((each) => given(state, each, forLoader(state, each)));

const usesOf = (state: State, component: Component, schema: string): Spec[] => {
  const { airbyteRole, readRole, place, manager } = component;
  const on = { is: 'use', kind: 'SCHEMA', parts: [place.database, schema] } as const;
  const parts: [string, string] = [place.database, schema];
  return [
    ...(airbyteRole === manager
      ? []
      : given(state, component, { ...on, parts, to: airbyteRole, privileges: WRITES })),
    ...loadersOfSchema(state, component, schema).flatMap((to) =>
      given(state, component, { ...on, parts, to, privileges: WRITES }),
    ),
    ...given(state, component, { ...on, parts, to: readRole, privileges: ['USAGE'] }),
  ];
};

/**
 * What is there of the component, in the order in which it is taken away: the role last. The database is
 * of the last component in it, whatever else there is: a removal looks at that, and says what keeps it.
 */
export const presentIn = (state: State, component: Component): Spec[] => {
  const { place, tag, readRole, manages } = component;
  const ours = state.schemas.filter((each) => isOwnSchema(each, tag)).map(({ name }) => name);
  const hasRole = isOurs(state.role, tag);
  const use: SpecOf<'use'> = {
    is: 'use',
    kind: 'DATABASE',
    parts: [place.database],
    privileges: ['USAGE'],
    to: readRole,
  };
  return [
    ...ours.flatMap((schema) => usesOf(state, component, schema)),
    ...(hasRole
      ? [
          ...ours
            .flatMap((schema) => selectsOf(component, schema))
            .filter((spec) =>
              spec.extent === 'ALL' ? hasSelect(state, spec) : isSelected(state, spec),
            ),
          ...given(state, component, use),
        ]
      : []),
    ...ours.map((schema) => schemaOf(place.database, schema)),
    ...usesOfDatabase(state, component),
    ...(manages.database && isDatabaseOurs(state, component) && !hasOthers(state, component)
      ? [databaseOf(place.database)]
      : []),
    ...(hasRole ? [roleOf(readRole)] : []),
  ];
};

/** The use of a database that a former role has of others, for whose schemas nobody needs it any more. */
const othersGave = (state: State, former: Component): SpecOf<'use'>[] => {
  const { airbyteRole, manager } = former;
  const has = state.onDatabase.some(
    ({ privilege, grantee, by }) =>
      privilege === 'USAGE' && grantee === airbyteRole && by !== manager,
  );
  return has && !isUsedByOthers(state, former) ? [forLoader(state, former)] : [];
};

/**
 * What Airbyte's role may in a database that is not ours, though nobody needs it there for us any more. With
 * MANAGE GRANTS a grant is its owner's, whoever gave it (Snowflake's docs, GRANTED_BY), so it cannot be told
 * from one that others need. Told of who has, or has had, anything there.
 */
export const stayingIn = (
  state: State,
  component: Component,
  { hasHadData }: { hasHadData: boolean } = { hasHadData: false },
): SpecOf<'use'>[] => {
  const { airbyteRole, manager } = component;
  if (airbyteRole === manager || isDatabaseOurs(state, component)) return [];
  const wasThere = hasHadData || presentIn(state, component).length > 0;
  if (!wasThere || isUsedByOthers(state, component)) return [];
  const isTheirs = state.onDatabase.some(
    ({ privilege, grantee, by }) =>
      privilege === 'USAGE' && grantee === airbyteRole && by !== manager,
  );
  const former = asFormerLoaders(state, component).flatMap((each) => othersGave(state, each));
  return [...(isTheirs ? [forLoader(state, component)] : []), ...former];
};
