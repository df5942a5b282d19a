import { pathOf } from '../../fabric';
import type { Foreign, Left } from '../../fabric';
import { domainOf, isTagged, keyIn } from '../../tags';
import { unmaking } from '../change/acts';
import { handingOver } from '../sql/administration';
import type { Component } from './component';
import { held, isDatabaseOurs, isUntold, missingIn, schemaNamed } from './judgement';
import type { Named } from './looks';
import { quoted, shownAs } from '../sql/names';
import { stayingIn } from './present';
import type { State } from './state';
import { whatIs } from './things';
import type { NamedSpec, SpecOf } from './things';

/* What is in the way of a component, in words for people. */

/** What is another domain's is not told by its name: it may be another team's. */
const whose = (comment: string, { key }: Component) => {
  const other = keyIn(comment);
  if (other === undefined) return 'is there already, and nothing says that it is this component’s';
  return domainOf(other) === domainOf(key)
    ? `belongs to ${other}`
    : 'belongs to a component of another domain';
};

const AT = {
  database: pathOf('database'),
  schema: pathOf('schema'),
  raw: pathOf('raw_data_schema'),
};

const ELSEWHERE = `give another schema in the descriptor (${AT.schema})`;

/** Made with each database, for everybody: nobody's to hand over. */
const OF_THE_DATABASE = 'PUBLIC';

/** A solution never tells how to take what is another component's, or everybody's. */
const solutionOf = (
  { comment, owner }: Named,
  { tag, manager }: Component,
  { kind, parts }: { kind: 'SCHEMA' | 'ROLE'; parts: readonly string[] },
) => {
  if (isTagged(comment) || (kind === 'SCHEMA' && parts.at(-1) === OF_THE_DATABASE))
    return kind === 'SCHEMA'
      ? `To write elsewhere, ${ELSEWHERE}.`
      : 'Ask the platform operator: two components have the same name for their role.';
  const to = owner === manager ? undefined : manager;
  const sql = handingOver(kind, parts, { comment: tag, to }).join('; ');
  const or = kind === 'SCHEMA' ? `Either ${ELSEWHERE}, or its` : 'Its';
  return `${or} owner ${owner} can hand it over with all that is in it: ${sql};`;
};

const KINDS = { database: 'DATABASE', schema: 'SCHEMA', role: 'ROLE' } as const;

/** How a component gets back what has lost its mark; nothing of what is another's. */
export const handOver = (spec: NamedSpec, { comment, owner }: Named, component: Component) => {
  const { tag, domainTag, manager } = component;
  if (isTagged(comment)) return 'Nothing need be done: it belongs to others by now.';
  const sql = handingOver(KINDS[spec.is], spec.parts, {
    comment: spec.is === 'database' ? domainTag : tag,
    to: owner === manager ? undefined : manager,
  }).join('; ');
  return `If it is the component’s all the same, its owner ${owner} can say so: ${sql}; then unprovision again.`;
};

const foreignDatabase = (state: State, component: Component): Foreign[] => {
  const { database } = state;
  const { place, manages, manager } = component;
  const it = { kind: 'database', name: place.database, at: AT.database } as const;
  if (!database && !manages.database)
    return [
      {
        ...it,
        problem: `The database ${shownAs(place.database)} is not there, or the provisioner may not see it, and it makes none in this fabric.`,
        solution: `Give another database in the descriptor (${AT.database}), or ask the platform operator to make it or to set manage.database of the fabric.`,
        reclaim: `If it is there, its owner lets the role ${manager} see it: GRANT USAGE ON DATABASE ${quoted(place.database)} TO ROLE ${quoted(manager)}; then unprovision again.`,
      },
    ];
  if (!database || !isTagged(database.comment) || isDatabaseOurs(state, component)) return [];
  return [
    {
      ...it,
      problem: `The database ${shownAs(place.database)} was made for another domain.`,
      solution: `Give another database in the descriptor (${AT.database}).`,
    },
  ];
};

/** Who reads that one's data would read the raw tables in it, and its removal drop them. */
const foreignInternal = (state: State, component: Component): Foreign[] => {
  const { place, internal, tag } = component;
  const comment = schemaNamed(state, internal)?.comment ?? '';
  if (!isTagged(comment) || comment === tag) return [];
  const name = shownAs(place.database, internal);
  return [
    {
      kind: 'schema',
      name,
      at: AT.raw,
      problem: `The schema ${name}, where Airbyte is to keep raw tables, ${whose(comment, component)}.`,
      solution: `Give another schema for them in the descriptor (${AT.raw}), which is no component’s.`,
    },
  ];
};

const reclaiming = (spec: NamedSpec, there: Named, component: Component) =>
  isTagged(there.comment) || (spec.is === 'schema' && spec.parts[1] === OF_THE_DATABASE)
    ? {}
    : { reclaim: handOver(spec, there, component) };

/** What is in the way of what is wanted. */
export const foreignIn = (state: State, component: Component): Foreign[] => {
  const { place, tag, readRole, manages } = component;
  if (!manages.schema) return [];
  const schema = schemaNamed(state, place.schema);
  const parts = [place.database, place.schema];
  const shown = shownAs(...parts);
  const { role } = state;
  return [
    ...foreignDatabase(state, component),
    ...(schema && schema.comment !== tag
      ? [
          {
            kind: 'schema' as const,
            name: shown,
            at: AT.schema,
            problem: `The schema ${shown} ${whose(schema.comment, component)}.`,
            solution: solutionOf(schema, component, { kind: 'SCHEMA', parts }),
            ...reclaiming(
              { is: 'schema', parts: [place.database, place.schema] },
              schema,
              component,
            ),
          },
        ]
      : []),
    ...foreignInternal(state, component),
    ...(manages.access && role && role.comment !== tag
      ? [
          {
            kind: 'role' as const,
            name: readRole,
            at: AT.schema,
            problem: `The role ${readRole} ${whose(role.comment, component)}.`,
            solution: solutionOf(role, component, { kind: 'ROLE', parts: [readRole] }),
            ...reclaiming({ is: 'role', parts: [readRole] }, role, component),
          },
        ]
      : []),
  ];
};

const untoldWords = (state: State, component: Component) =>
  missingIn(state, component)
    .filter((spec) => isUntold(state, spec))
    .map(
      (spec) =>
        `There are more grants than Snowflake tells: ${whatIs(spec)} is not seen to be there, and is granted once more.`,
    );

/** Where Airbyte is not seen to be able to make its internal schema. */
export const internalWords = (state: State, component: Component) => {
  const { place, airbyteRole, internal } = component;
  if (!state.database || isDatabaseOurs(state, component)) return [];
  const may = held(state.onDatabase, airbyteRole, ['CREATE SCHEMA']).length > 0;
  if (may || schemaNamed(state, internal)) return [];
  return [
    `Airbyte's role ${airbyteRole} is not seen to have CREATE SCHEMA on the database ${shownAs(place.database)}, where it makes ${shownAs(internal)} for itself: without it the first sync fails.`,
  ];
};

/** What people should know, and nothing is done about. */
export const warningsIn = (state: State, component: Component) =>
  component.manages.schema
    ? [...untoldWords(state, component), ...internalWords(state, component)]
    : [];

const grantorOf = ({ onDatabase }: State, { to, privileges }: SpecOf<'use'>, manager: string) =>
  onDatabase.find(
    ({ grantee, privilege, by }) =>
      grantee === to && privileges.includes(privilege) && by !== manager,
  )?.by ?? '';

/** What a removal leaves to those who have granted it. */
export const stayingOf = (
  state: State,
  component: Component,
  known?: { hasHadData: boolean },
): Left[] =>
  stayingIn(state, component, known).map((spec) => {
    const by = grantorOf(state, spec, component.manager) || 'Snowflake';
    const sql = unmaking(spec, component).text;
    return {
      what: `${whatIs(spec)} (${by} has granted it, or somebody in its name by MANAGE GRANTS)`,
      remedy: `Where nothing else needs it, ${sql}; takes it away.`,
    };
  });
