import { pathOf } from '../../fabric';
import type { Foreign, Left } from '../../fabric';
import { firstFew } from '../../../../workflows/protocol/lengths';
import { domainOf, isTagged, keyIn } from '../../tags';
import { unmaking } from '../change/acts';
import { grantOnDatabase, handingOver } from '../sql/administration';
import { INTERNAL } from './component';
import type { Component } from './component';
import { held, isDatabaseOurs, isUntold, missingIn, namedBy, schemaNamed } from './judgement';
import type { Named } from './looks';
import { shownAs } from '../sql/names';
import { stayingIn } from './present';
import { isRawOfOther } from './state';
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

/** Raw tables of others that are told by name. */
const MOST_NAMED = 5;

const AT = {
  database: pathOf('database'),
  schema: pathOf('schema'),
  raw: pathOf('raw_data_schema'),
};

const ELSEWHERE = `give another schema in the descriptor (${AT.schema})`;

const TO_WRITE_ELSEWHERE = `To write elsewhere, ${ELSEWHERE}.`;

/** Made with each database, for everybody: nobody's to hand over. */
const OF_THE_DATABASE = 'PUBLIC';

/** Where Airbyte keeps raw tables, of this component or of all that name no other schema for them. */
const isInternal = (schema: string, { internal }: Component) =>
  schema === INTERNAL || schema === internal;

/** A solution never tells how to take what is another component's, or everybody's. */
const schemaSolution = (state: State, { comment, owner }: Named, component: Component) => {
  const { place, tag, manager, airbyteRole } = component;
  const isEverybodys = place.schema === OF_THE_DATABASE || state.hasRawOfOthers;
  if (isTagged(comment) || isEverybodys) return TO_WRITE_ELSEWHERE;
  const to = owner === manager ? undefined : manager;
  const parts = [place.database, place.schema];
  const sql = handingOver('SCHEMA', parts, { comment: tag, to }).join('; ');
  const unless =
    owner === airbyteRole ? ', unless raw tables of other components are to be there' : '';
  return `Either ${ELSEWHERE}, or its owner ${owner} can hand it over with all that is in it${unless}: ${sql};`;
};

const roleSolution = ({ comment, owner }: Named, { tag, manager, readRole }: Component) => {
  if (isTagged(comment))
    return 'Ask the platform operator: two components have the same name for their role.';
  const to = owner === manager ? undefined : manager;
  const sql = handingOver('ROLE', [readRole], { comment: tag, to }).join('; ');
  return `Its owner ${owner} can hand it over with all that is in it: ${sql};`;
};

const KINDS = { database: 'DATABASE', schema: 'SCHEMA', role: 'ROLE' } as const;

/** How a component gets back what has lost its mark; nothing of what is another's. */
export const handOver = (spec: NamedSpec, { comment, owner }: Named, component: Component) => {
  const { tag, domainTag, manager } = component;
  if (spec.is === 'schema' && isInternal(spec.parts[1], component))
    return 'Nothing need be done: Airbyte keeps raw tables in it, which may be those of others.';
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
        reclaim: `If it is there, its owner lets the role ${manager} see it: ${grantOnDatabase('USAGE', place.database, manager)}; then unprovision again.`,
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

/** Of one that is there: nothing where it is another's, or everybody's. */
const reclaiming = (state: State, spec: NamedSpec, component: Component) => {
  const there = namedBy(state, spec);
  const isEverybodys =
    spec.is === 'schema' && (spec.parts[1] === OF_THE_DATABASE || state.hasRawOfOthers);
  return !there || isTagged(there.comment) || isEverybodys
    ? {}
    : { reclaim: handOver(spec, there, component) };
};

/** Airbyte writes raw tables of others there: its readers would read them, and its removal drop them. */
const internalAsOwn = (state: State, { place, tag }: Component): Foreign => {
  const parts = [place.database, place.schema];
  const name = shownAs(...parts);
  const unmarked = handingOver('SCHEMA', parts, { comment: '', to: undefined }).join('; ');
  return {
    kind: 'schema',
    name,
    at: AT.schema,
    problem: `The schema ${name} is where Airbyte keeps raw tables: it can be no component’s own.`,
    solution: TO_WRITE_ELSEWHERE,
    ...(place.schema === INTERNAL &&
      schemaNamed(state, INTERNAL)?.comment === tag && {
        reclaim: `It bears the component’s mark, and is not dropped all the same. Drop what is the component’s in it by hand and take the mark away: ${unmarked}; then unprovision again.`,
      }),
  };
};

const foreignSchema = (state: State, component: Component): Foreign[] => {
  const { place, tag } = component;
  if (isInternal(place.schema, component)) return [internalAsOwn(state, component)];
  const there = schemaNamed(state, place.schema);
  if (!there || there.comment === tag) return [];
  const name = shownAs(place.database, place.schema);
  const why = state.hasRawOfOthers
    ? 'is there already, and Airbyte keeps raw tables of others in it'
    : whose(there.comment, component);
  return [
    {
      kind: 'schema',
      name,
      at: AT.schema,
      problem: `The schema ${name} ${why}.`,
      solution: schemaSolution(state, there, component),
      ...(isTagged(there.comment) && { isAnothers: true }),
      ...reclaiming(state, { is: 'schema', parts: [place.database, place.schema] }, component),
    },
  ];
};

/** Who reads that one's data would read the raw tables in it, and its removal drop them. */
const foreignInternal = (state: State, component: Component): Foreign[] => {
  const { place, internal, tag } = component;
  if (internal === place.schema) return [];
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

const foreignRole = (state: State, component: Component): Foreign[] => {
  const { tag, readRole, manages } = component;
  const { role } = state;
  if (!manages.access || !role || role.comment === tag) return [];
  return [
    {
      kind: 'role',
      name: readRole,
      at: AT.schema,
      problem: `The role ${readRole} ${whose(role.comment, component)}.`,
      solution: roleSolution(role, component),
      ...reclaiming(state, { is: 'role', parts: [readRole] }, component),
    },
  ];
};

/** What is in the way of what is wanted. */
export const foreignIn = (state: State, component: Component): Foreign[] =>
  component.manages.schema
    ? [
        ...foreignDatabase(state, component),
        ...foreignSchema(state, component),
        ...foreignInternal(state, component),
        ...foreignRole(state, component),
      ]
    : [];

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

/** Where another component was to keep them in a schema that is this one's since. */
const rawOfOthersWords = ({ readable }: State, { place }: Component) => {
  const own = [...readable.keys()];
  return [...readable].flatMap(([schema, { objects }]) => {
    const raw = objects.map(({ name }) => name).filter((name) => isRawOfOther(name, own));
    if (raw.length === 0) return [];
    const shown = shownAs(place.database, schema);
    return [
      `The schema ${shown} has raw tables of other components in it (${firstFew(raw, MOST_NAMED).join(', ')}): who reads its data reads them, and a removal with its data drops them. Give these components another raw_data_schema.`,
    ];
  });
};

/** What people should know, and nothing is done about. */
export const warningsIn = (state: State, component: Component) =>
  component.manages.schema
    ? [
        ...untoldWords(state, component),
        ...internalWords(state, component),
        ...rawOfOthersWords(state, component),
      ]
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
