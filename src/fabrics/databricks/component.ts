import { schemaProblem } from '../../connectors/databricks';
import { Refusal, UnfitPlace } from '../../contract/problems';
import { pathOf } from '../fabric';
import type { Foreign, Step } from '../fabric';
import { keyIn, tagOf } from '../tags';
import type { Identity } from './identity';
import { commentStatement } from './sql';
import type { Catalog } from './unity/catalog';
import { isTooLong } from './unity/schemas';
import type { Schema } from './unity/schemas';

/** Whose schemas they are, and by whom they are made. */
export interface Component {
  catalog: Catalog;
  /** Who makes, grants and drops. */
  manager: Identity;
  /** Whom Airbyte writes as. */
  loader: Identity;
  manages: { schema: boolean; access: boolean; catalogUse: boolean };
  /** The root of the workspace, for links. */
  host: string;
  key: string;
  /** The schema that the descriptor wants. */
  wanted: string;
  /** Where a connector before 4.0 is to keep raw tables, as the descriptor says. */
  raw?: string | undefined;
}

const AT = pathOf('schema');

/** Made with each catalog, for everybody: nobody's to hand over. */
const OF_THE_CATALOG = 'default';

/** Where connectors before 4.0 keep raw tables unless they are told another schema (destination-databricks). */
const INTERNAL = 'airbyte_internal';

/** Airbyte's is nobody's, whoever has marked it: others have raw tables in it. */
export const isOurs = ({ key }: Component, { name, comment }: Schema) =>
  keyIn(comment) === key && name !== INTERNAL;

/** Unity Catalog has names in lower case. */
const isInternal = (name: string, { raw = '' }: Component) =>
  name === INTERNAL || name === raw.toLowerCase();

export const foreignIn = (component: Component, { name, comment, isHidden }: Schema): Foreign => {
  const { catalog, key } = component;
  const owner = keyIn(comment);
  const nobodys = isHidden
    ? 'is there, and Databricks does not show whose it is'
    : 'is there, and nobody says whose it is';
  const whose = owner === undefined ? nobodys : 'is another component’s';
  const isEverybodys = name === OF_THE_CATALOG || isInternal(name, component);
  const mayBeGiven = owner === undefined && !isEverybodys;
  const sql = commentStatement(catalog.name, name, tagOf(key));
  return {
    kind: 'schema',
    name: `${catalog.name}.${name}`,
    at: AT,
    problem: `The schema ${catalog.name}.${name} ${whose}.`,
    solution: `Give another one in the descriptor (${AT})${mayBeGiven ? `, or have its owner hand it over, unless raw tables of other components are to be there: ${sql}` : '.'}`,
    ...(owner !== undefined && { isAnothers: true }),
    ...(mayBeGiven && {
      reclaim: `If it is the component’s all the same, its owner can say so: ${sql}; then unprovision again.`,
    }),
  };
};

/** Airbyte writes raw tables of others there: its readers would read them, and its removal drop them. */
export const internalIn = (component: Component, schema: Schema | undefined): Foreign[] => {
  const { catalog, key, wanted } = component;
  if (!isInternal(wanted, component)) return [];
  const name = `${catalog.name}.${wanted}`;
  return [
    {
      kind: 'schema',
      name,
      at: AT,
      problem: `The schema ${name} is where Airbyte keeps raw tables: it can be no component’s own.`,
      solution: `Give another one in the descriptor (${AT}).`,
      ...(wanted === INTERNAL &&
        keyIn(schema?.comment) === key && {
          reclaim: `It bears the component’s mark, and is not dropped all the same. Drop what is the component’s in it by hand and take the mark away: ${commentStatement(catalog.name, wanted, '')}; then unprovision again.`,
        }),
    },
  ];
};

/** Nothing marks raw tables as the component's: a removal with its data could neither take nor tell them. */
export const rawIn = ({ catalog, raw }: Component): Foreign[] => {
  if (raw === undefined || raw === '') return [];
  const name = `${catalog.name}.${raw}`;
  const at = pathOf('raw_schema_override');
  return [
    {
      kind: 'schema',
      name,
      at,
      problem: `Raw tables in the schema ${name} would stay when the component is removed with its data.`,
      solution: `Leave ${at} out of the descriptor, as connectors from 4.0 on keep no raw tables; drop what is in ${name} of the component by hand.`,
    },
  ];
};

export const mustFit = ({ wanted }: Component) => {
  const problem = schemaProblem(wanted);
  if (problem !== undefined)
    throw new UnfitPlace(`${AT}: ${problem}.`, 'Correct the descriptor, then deploy again.');
};

/** As it is at this moment: nothing is changed or dropped by what was seen before. */
export const ownSchema = async (
  component: Component,
  name: string,
  { interest }: Step,
): Promise<Schema | undefined> => {
  const schema = await component.catalog.schema(name, interest);
  if (!schema || isOurs(component, schema)) return schema;
  const { problem, solution } = foreignIn(component, schema);
  throw new Refusal(problem, solution);
};

/** The wanted one; what is another's is none. */
export const wantedSchema = async (component: Component, { interest }: Step) => {
  const schema = await component.catalog.schema(component.wanted, interest);
  return schema && isOurs(component, schema) ? schema : undefined;
};

/** All that the catalog has; undefined: more than can be listed. */
export const listed = async ({ catalog }: Pick<Component, 'catalog'>, step: Step) => {
  try {
    return await catalog.schemas(step);
  } catch (err) {
    if (isTooLong(err)) return undefined;
    throw err;
  }
};

/** What is told of a catalog whose schemas are more than can be listed. */
export const notListed = (catalog: string) =>
  `The catalog ${catalog} has more schemas than can be listed: those of former versions of the descriptor were not looked for. Look there for schemas whose comment names this component.`;

/**
 * The one that the descriptor wants, and those of its former versions: these only where all schemas can be
 * listed, which `isCut` denies.
 */
export const ownSchemas = async (component: Component, { interest, id }: Step) => {
  const all = await listed(component, { interest, id });
  if (all) return { schemas: all.filter((each) => isOurs(component, each)), isCut: false };
  const wanted = await wantedSchema(component, { interest, id });
  return { schemas: wanted ? [wanted] : [], isCut: true };
};
