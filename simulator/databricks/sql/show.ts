import { permissionDenied } from '../problems';
import { type Row, tablesIn } from '../store';
import {
  canSee,
  catalogNamed,
  demand,
  demandUse,
  has,
  manages,
  ofCatalog,
  ofSchema,
} from '../unity/privileges';
import { type Run, schemaOf, securableOf, texts } from './session';

const LIKE_SIGNS: Record<string, string> = { '*': '.*', '|': '|' };

/** As SHOW has it: `*` is anything, `|` between two patterns. */
const isLike = (name: string, pattern: string | undefined) =>
  pattern === undefined ||
  new RegExp(
    `^(?:${pattern.replace(/[\\^$.*+?()[\]{}|]/g, (sign) => LIKE_SIGNS[sign] ?? `\\${sign}`)})$`,
    'i',
  ).test(name);

export const showCatalogs: Run<'showCatalogs'> = ({ store, caller }) =>
  texts(
    ['catalog'],
    [...store.catalogs.values()]
      .filter((each) => has(store, caller, 'USE_CATALOG', ofCatalog(each)))
      .map(({ name }) => [name]),
  );

export const showSchemas: Run<'showSchemas'> = (session, { catalog = session.catalog, like }) => {
  const { store, caller } = session;
  const { name: within, ...rest } = catalogNamed(store, catalog);
  demand(store, caller, 'USE_CATALOG', ofCatalog({ name: within, ...rest }));
  const names = [...store.schemas.values()]
    .filter((each) => !each.deleted && each.catalog === within && isLike(each.name, like))
    .filter((each) => canSee(store, caller, ofSchema(store, each)))
    .map(({ name }) => name);
  return texts(
    ['databaseName'],
    names.sort().map((name) => [name]),
  );
};

export const showTables: Run<'showTables'> = (session, { schema: parts, like }) => {
  const schema = schemaOf(session, parts ?? [session.schema]);
  demandUse(session.store, session.caller, ofSchema(session.store, schema));
  return {
    columns: [
      { name: 'database', type: 'STRING' },
      { name: 'tableName', type: 'STRING' },
      { name: 'isTemporary', type: 'BOOLEAN' },
    ],
    rows: tablesIn(session.store, schema)
      .filter(({ name }) => isLike(name, like))
      .map(({ name }) => [schema.name, name, 'false']),
  };
};

export const showGrants: Run<'showGrants'> = (session, { principal, on, name }) => {
  const { store, caller } = session;
  const securable = securableOf(session, on, name);
  const managing = manages(store, caller, securable);
  if (!managing && !canSee(store, caller, securable))
    throw permissionDenied(`User does not have USE on ${securable.fullName}.`);
  const rows: Row[] = [];
  for (let from: typeof securable | undefined = securable; from; from = from.parent)
    for (const [who, privileges] of from.grants)
      for (const privilege of [...privileges].sort())
        rows.push([who, privilege.replaceAll('_', ' '), from.kind.toUpperCase(), from.fullName]);
  const shown = rows.filter(
    ([who]) => (managing || who === caller.name) && (!principal || who === principal),
  );
  return texts(['Principal', 'ActionType', 'ObjectType', 'ObjectKey'], shown);
};

export const describeSchema: Run<'describeSchema'> = (session, { name }) => {
  const { store, caller } = session;
  const schema = schemaOf(session, name);
  const on = ofSchema(store, schema);
  if (!canSee(store, caller, on)) demandUse(store, caller, on);
  return texts(
    ['database_description_item', 'database_description_value'],
    [
      ['Catalog Name', schema.catalog],
      ['Namespace Name', schema.name],
      ['Comment', schema.comment ?? ''],
      ['Location', ''],
      ['Owner', schema.owner],
    ],
  );
};
