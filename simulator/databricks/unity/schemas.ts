import { z } from 'zod';
import { ok } from '../../steering/answers';
import { type CallerRequest, count, flag, type Operation, readBody, readQuery } from '../operation';
import { invalidValue } from '../problems';
import {
  type Catalog,
  fullNameOf,
  type Item,
  itemsIn,
  type Schema,
  type Store,
  type Table,
  tablesIn,
} from '../store';
import {
  canSee,
  catalogNamed,
  demand,
  demandManagement,
  demandUse,
  existingSchema,
  ofCatalog,
  ofSchema,
} from './privileges';
import { changeSchema, createSchema, dropSchema } from './schema-changes';

const BASE = '/api/2.1/unity-catalog';
const METASTORE = '11111111-2222-4333-8444-555555555555';

const Properties = z.record(z.string(), z.string());

const Creation = z.strictObject({
  name: z.string().min(1),
  catalog_name: z.string().min(1),
  comment: z.string().optional(),
  properties: Properties.optional(),
});

const Update = z.strictObject({
  new_name: z.string().optional(),
  comment: z.string().optional(),
  properties: Properties.optional(),
  owner: z.string().optional(),
  enable_predictive_optimization: z.enum(['DISABLE', 'ENABLE', 'INHERIT']).optional(),
});

const Pages = z.strictObject({
  max_results: count(10_000).optional(),
  page_token: z.string().optional(),
  include_browse: flag.optional(),
});
const SchemaList = Pages.extend({ catalog_name: z.string().min(1) });
const TableList = SchemaList.extend({
  schema_name: z.string().min(1),
  omit_columns: flag.optional(),
  omit_properties: flag.optional(),
  omit_username: flag.optional(),
  include_delta_metadata: flag.optional(),
  include_manifest_capabilities: flag.optional(),
});
const ItemList = SchemaList.extend({ schema_name: z.string().min(1) });
const Browse = z.strictObject({ include_browse: flag.optional() });
const Deletion = z.strictObject({ force: flag.default(false) });

const describeSchema = (schema: Schema) => ({
  name: schema.name,
  catalog_name: schema.catalog,
  full_name: fullNameOf(schema),
  schema_id: schema.id,
  owner: schema.owner,
  ...(schema.comment !== undefined && { comment: schema.comment }),
  properties: schema.properties,
  metastore_id: METASTORE,
  catalog_type: 'MANAGED_CATALOG',
  created_at: schema.createdAt,
  created_by: schema.createdBy,
  updated_at: schema.updatedAt,
  updated_by: schema.updatedBy,
});

const describeTable = (schema: Schema, table: Table) => ({
  name: table.name,
  catalog_name: schema.catalog,
  schema_name: schema.name,
  full_name: `${fullNameOf(schema)}.${table.name}`,
  table_id: table.id,
  table_type: 'MANAGED',
  data_source_format: 'DELTA',
  owner: table.owner,
  ...(table.comment !== undefined && { comment: table.comment }),
  columns: table.columns.map(({ name, type }, position) => ({
    name,
    position,
    type_name: type,
    type_text: type.toLowerCase(),
    nullable: true,
  })),
  created_at: table.createdAt,
});

const describeCatalog = ({ name, owner, comment, createdAt }: Catalog) => ({
  name,
  full_name: name,
  owner,
  ...(comment !== undefined && { comment }),
  catalog_type: 'MANAGED_CATALOG',
  metastore_id: METASTORE,
  isolation_mode: 'OPEN',
  securable_type: 'CATALOG',
  created_at: createdAt,
  created_by: owner,
});

interface PageQuery {
  max_results?: number | undefined;
  page_token?: string | undefined;
}

/** Without `max_results`, or with 0, as many as the server likes: here all that are left. */
const pageOf = <Row>(rows: Row[], { max_results: most, page_token: token }: PageQuery) => {
  const from = token === undefined ? 0 : Number(token);
  if (!Number.isInteger(from) || from < 0) throw invalidValue('page_token is invalid.');
  const to = most ? from + most : rows.length;
  return { rows: rows.slice(from, to), ...(to < rows.length && { next_page_token: String(to) }) };
};

const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);

const listSchemas = (store: Store, { caller, query }: CallerRequest) => {
  const asked = readQuery(SchemaList, query);
  const catalog = catalogNamed(store, asked.catalog_name);
  demand(store, caller, 'USE_CATALOG', ofCatalog(catalog));
  const seen = [...store.schemas.values()]
    .filter((each) => !each.deleted && each.catalog === catalog.name)
    .filter((each) => canSee(store, caller, ofSchema(store, each)))
    .sort(byName);
  const { rows, ...next } = pageOf(seen, asked);
  return ok({ ...(rows.length > 0 && { schemas: rows.map(describeSchema) }), ...next });
};

const listTables = (store: Store, { caller, query }: CallerRequest) => {
  const asked = readQuery(TableList, query);
  const schema = existingSchema(store, asked.catalog_name, asked.schema_name);
  demandUse(store, caller, ofSchema(store, schema));
  const { rows, ...next } = pageOf(tablesIn(store, schema).sort(byName), asked);
  const tables = rows.map((table) => describeTable(schema, table));
  return ok({ ...(tables.length > 0 && { tables }), ...next });
};

/** What else is in a schema: the kinds of it, each with its path and its list. */
const ITEMS = [
  { id: 'listVolumes', kind: 'volume', path: 'volumes', list: 'volumes' },
  { id: 'listFunctions', kind: 'function', path: 'functions', list: 'functions' },
  { id: 'listModels', kind: 'model', path: 'models', list: 'registered_models' },
] as const;

const describeItem = (schema: Schema, { name, owner }: Item) => ({
  name,
  catalog_name: schema.catalog,
  schema_name: schema.name,
  full_name: `${fullNameOf(schema)}.${name}`,
  owner,
});

const listItems = (
  store: Store,
  { kind, list }: (typeof ITEMS)[number],
  { caller, query }: CallerRequest,
) => {
  const asked = readQuery(ItemList, query);
  const schema = existingSchema(store, asked.catalog_name, asked.schema_name);
  demandUse(store, caller, ofSchema(store, schema));
  const all = itemsIn(store, schema).filter((each) => each.kind === kind);
  const { rows, ...next } = pageOf(all.sort(byName), asked);
  return ok({
    ...(rows.length > 0 && { [list]: rows.map((each) => describeItem(schema, each)) }),
    ...next,
  });
};

const schemaOf = (store: Store, { params }: CallerRequest) => {
  const { name: fullName = '' } = params;
  const [catalog = '', name = '', ...more] = fullName.split('.');
  if (!name || more.length > 0) throw invalidValue(`"${fullName}" is not a valid schema name.`);
  return existingSchema(store, catalog, name);
};

/** Of Unity Catalog 2.1: catalogs and tables to read, schemas to work with. */
export const schemaOperations = (store: Store): Operation[] => [
  {
    id: 'getCatalog',
    method: 'get',
    paths: [`${BASE}/catalogs/:name`],
    run: ({ caller, params, query }) => {
      readQuery(Browse, query);
      const catalog = catalogNamed(store, params.name ?? '');
      demand(store, caller, 'USE_CATALOG', ofCatalog(catalog));
      return ok(describeCatalog(catalog));
    },
  },
  {
    id: 'listSchemas',
    method: 'get',
    paths: [`${BASE}/schemas`],
    run: (request) => listSchemas(store, request),
  },
  {
    id: 'createSchema',
    method: 'post',
    paths: [`${BASE}/schemas`],
    run: ({ caller, body }) => {
      const { catalog_name: catalog, ...fields } = readBody(Creation, body);
      return ok(describeSchema(createSchema(store, caller, { catalog, ...fields })));
    },
  },
  {
    id: 'getSchema',
    method: 'get',
    paths: [`${BASE}/schemas/:name`],
    run: (request) => {
      readQuery(Browse, request.query);
      const schema = schemaOf(store, request);
      const on = ofSchema(store, schema);
      if (!canSee(store, request.caller, on)) demandUse(store, request.caller, on);
      return ok(describeSchema(schema));
    },
  },
  {
    id: 'updateSchema',
    method: 'patch',
    paths: [`${BASE}/schemas/:name`],
    run: (request) => {
      const changes = readBody(Update, request.body);
      const schema = schemaOf(store, request);
      demandManagement(store, request.caller, ofSchema(store, schema));
      changeSchema(store, schema, changes);
      schema.updatedBy = request.caller.name;
      return ok(describeSchema(schema));
    },
  },
  {
    id: 'deleteSchema',
    method: 'delete',
    paths: [`${BASE}/schemas/:name`],
    run: (request) => {
      const { force } = readQuery(Deletion, request.query);
      dropSchema(store, request.caller, schemaOf(store, request), force);
      return ok({});
    },
  },
  {
    id: 'listTables',
    method: 'get',
    paths: [`${BASE}/tables`],
    run: (request) => listTables(store, request),
  },
  ...ITEMS.map((each): Operation => ({
    id: each.id,
    method: 'get',
    paths: [`${BASE}/${each.path}`],
    run: (request) => listItems(store, each, request),
  })),
];
