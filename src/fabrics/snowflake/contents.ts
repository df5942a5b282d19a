import type { Place } from '../../connectors/snowflake-place';
import { grantRoleTo } from './administration';
import type { Component } from './component';
import type { Looks } from './looks';
import { MAX_ROWS } from './looks';
import { bare } from './names';
import { CONTENTS } from './statements';
import type { Contents } from './statements';
import type { State } from './state';

/* What is in a schema or a database that is not to go unseen. */

const SEES_ALL = ['ACCOUNTADMIN', 'SECURITYADMIN'];

/** Whether whoever looks sees tables that Airbyte has made: what he does not see he may not drop. */
export const seesAll = async (looks: Looks, { manager, airbyteRole }: Component) => {
  if (manager === airbyteRole || SEES_ALL.includes(manager)) return true;
  const { grants, isCut } = await looks.grantsTo(manager);
  const does = grants.some(
    ({ privilege, on, name }) =>
      (privilege === 'MANAGE GRANTS' && on === 'ACCOUNT') ||
      (privilege === 'USAGE' && on === 'ROLE' && bare(name) === airbyteRole),
  );
  return does || (isCut && (await looks.isGranted(airbyteRole, manager)));
};

const WORDS: Record<Contents, [one: string, several: string]> = {
  OBJECTS: ['table or view', 'tables or views'],
  STAGES: ['stage', 'stages'],
  'FILE FORMATS': ['file format', 'file formats'],
  SEQUENCES: ['sequence', 'sequences'],
  PIPES: ['pipe', 'pipes'],
  STREAMS: ['stream', 'streams'],
  TASKS: ['task', 'tasks'],
  'USER FUNCTIONS': ['function', 'functions'],
  PROCEDURES: ['procedure', 'procedures'],
};

const counted = (contents: Contents, count: number) => {
  const [one, several] = WORDS[contents];
  const most = count >= MAX_ROWS ? 'more than ' : '';
  return `${most}${String(count)} ${count === 1 ? one : several}`;
};

/** `2 tables or views and 1 stage`; undefined: nothing that is seen. */
const contentsOf = async (looks: Looks, place: Place): Promise<string | undefined> => {
  const counts = await Promise.all(
    CONTENTS.map(async (contents) => [contents, await looks.count(contents, place)] as const),
  );
  const found = counts.filter(([, count]) => count > 0).map((each) => counted(...each));
  const last = found.pop();
  return found.length > 0 ? `${found.join(', ')} and ${last ?? ''}` : last;
};

/** Why a schema that was made is not dropped again; undefined: it may be. */
export const keptFor = async (looks: Looks, component: Component, place: Place) => {
  const contents = await contentsOf(looks, place);
  if (contents !== undefined) return `it has ${contents} by now`;
  if (await seesAll(looks, component)) return undefined;
  const { airbyteRole, manager } = component;
  return `it cannot be seen whether Airbyte has made tables in it: ${grantRoleTo(airbyteRole, 'ROLE', manager)} lets that be seen`;
};

/** Whether a database has nothing any more but what Snowflake makes in each. */
export const isDatabaseEmpty = async (looks: Looks, state: State, { place }: Component) => {
  const names = state.schemas
    .map(({ name }) => name)
    .filter((name) => name !== 'INFORMATION_SCHEMA');
  if (state.areSchemasCut || names.some((name) => name !== 'PUBLIC')) return false;
  if (names.length === 0) return true;
  return (await contentsOf(looks, { ...place, schema: 'PUBLIC' })) === undefined;
};
