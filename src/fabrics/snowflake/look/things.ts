import { z } from 'zod';
import { Refusal } from '../../../contract/problems';
import { parseJson } from '../../../contract/json';
import type { Thing } from '../../fabric';
import { shownAs } from '../sql/names';

/* What a component has in Snowflake, one by one. Their ids go into histories and say all that is needed. */

const name = z.string().min(1);
const OnDatabase = z.tuple([name]);
const OnSchema = z.tuple([name, name]);

const Spec = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('database'), parts: OnDatabase }),
  z.strictObject({ is: z.literal('schema'), parts: OnSchema }),
  z.strictObject({ is: z.literal('role'), parts: OnDatabase }),
  z.strictObject({
    is: z.literal('use'),
    kind: z.enum(['DATABASE', 'SCHEMA']),
    parts: z.union([OnDatabase, OnSchema]),
    to: name,
    privileges: z.array(z.string().regex(/^[A-Z]+( [A-Z]+)*$/)).min(1),
  }),
  z.strictObject({
    is: z.literal('select'),
    extent: z.enum(['ALL', 'FUTURE']),
    kind: z.enum(['TABLES', 'VIEWS']),
    parts: OnSchema,
    to: name,
  }),
]);
export type Spec = z.output<typeof Spec>;
export type SpecOf<Is extends Spec['is']> = Extract<Spec, { is: Is }>;

/** What has a name and a comment of its own. */
export type NamedSpec = SpecOf<'database'> | SpecOf<'schema'> | SpecOf<'role'>;

export const databaseOf = (name: string): Spec => ({ is: 'database', parts: [name] });
export const schemaOf = (database: string, schema: string): Spec => ({
  is: 'schema',
  parts: [database, schema],
});
export const roleOf = (name: string): Spec => ({ is: 'role', parts: [name] });

const SELECTED = {
  ALL: { TABLES: 'the tables', VIEWS: 'the views' },
  FUTURE: { TABLES: 'the tables to come', VIEWS: 'the views to come' },
};

/** For people. */
export const whatIs = (spec: Spec): string => {
  const shown = shownAs(...spec.parts);
  if (spec.is === 'use')
    return `${spec.privileges.join(', ')} on the ${spec.kind.toLowerCase()} ${shown} for the role ${shownAs(spec.to)}`;
  if (spec.is === 'select')
    return `SELECT on ${SELECTED[spec.extent][spec.kind]} of the schema ${shown} for the role ${shownAs(spec.to)}`;
  return `the ${spec.is} ${shown}`;
};

/** The same whichever order its parts are in. */
export const idOf = (spec: Spec) => JSON.stringify(Spec.parse(spec));

export const asThing = (spec: Spec): Thing => {
  const isGrant = spec.is === 'use' || spec.is === 'select';
  return {
    id: idOf(spec),
    kind: isGrant ? 'grant' : spec.is,
    what: whatIs(spec),
    ...(!isGrant && { name: shownAs(...spec.parts) }),
    ...((spec.is === 'schema' || spec.is === 'database') && { hasData: true }),
  };
};

const Raw = z.strictObject({ is: z.literal('raw'), parts: OnSchema });

/** What Airbyte keeps, in its internal schema, of the data in another: by names of tables, as it has no mark. */
export const rawThing = (
  database: string,
  { schema, what }: { schema: string; what: string },
): Thing => ({
  id: JSON.stringify(Raw.parse({ is: 'raw', parts: [database, schema] })),
  kind: 'schema',
  what,
  hasData: true,
});

/** Of which schema it is; undefined: it is nothing that Airbyte keeps. */
export const schemaOfRaw = ({ id }: Thing): string | undefined =>
  Raw.safeParse(parseJson(id)).data?.parts[1];

/** What an id says. Throws a Refusal for one of another type or of a later version. */
export const specOf = ({ id, what }: Thing): Spec => {
  const { data } = Spec.safeParse(parseJson(id));
  if (data) return data;
  throw new Refusal(
    `This worker cannot read what ${what} is to Snowflake.`,
    'Ask the platform operator to update all workers, then try again.',
  );
};
