import { isTagged } from '../../tags';
import type { Component } from './component';
import {
  IN_DATABASE,
  WRITES,
  grantsOn,
  hasSelect,
  isAirbytesOwn,
  isDatabaseOurs,
  isOurs,
  isSelected,
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

/** What `prepare` grants Airbyte's role on the database: of one that is not ours no more than its use. */
const forLoader = (state: State, component: Component): SpecOf<'use'> => ({
  is: 'use',
  kind: 'DATABASE',
  parts: [component.place.database],
  privileges: isDatabaseOurs(state, component) ? IN_DATABASE : ['USAGE'],
  to: component.airbyteRole,
});

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

/**
 * What is there of the component, in the order in which it is taken away: the role last. The database is
 * of the last component in it, whatever else there is: a removal looks at that, and says what keeps it.
 */
export const presentIn = (state: State, component: Component): Spec[] => {
  const { place, tag, readRole, airbyteRole, manager, manages } = component;
  const ours = state.schemas.filter(({ comment }) => comment === tag).map(({ name }) => name);
  const hasRole = isOurs(state.role, tag);
  const use: SpecOf<'use'> = {
    is: 'use',
    kind: 'DATABASE',
    parts: [place.database],
    privileges: ['USAGE'],
    to: readRole,
  };
  const isLast = !isUsedByOthers(state, component) && airbyteRole !== manager;
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
    ...(isLast ? given(state, component, forLoader(state, component)) : []),
    ...(manages.database && isDatabaseOurs(state, component) && !hasOthers(state, component)
      ? [databaseOf(place.database)]
      : []),
    ...(hasRole ? [roleOf(readRole)] : []),
  ];
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
  return isTheirs ? [forLoader(state, component)] : [];
};
