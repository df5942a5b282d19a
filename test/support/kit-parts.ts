import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../../scripts/child';

/* What is in kit/, and what comes of its templates. */

const KIT = path.join(ROOT, 'kit');
export const kitFile = (name: string) => readFileSync(path.join(KIT, name), 'utf8');

/** For looking into what has no type; what is no object has nothing in it. */
export const objectOf = (value: unknown): object =>
  typeof value === 'object' && value !== null ? value : {};

export const Component = z.looseObject({
  id: z.string(),
  technology: z.string(),
  specific: z.looseObject({}),
});
export type Component = z.infer<typeof Component>;

const Product = z.object({ components: z.array(Component) });
const Document = z.union([
  z.object({ dataProduct: Product, componentIdToProvision: z.string() }),
  Product,
]);

/** The examples by file: the text, its kind, and the components in it that are ours. */
export const EXAMPLES = readdirSync(path.join(KIT, 'examples')).map((name) => {
  const text = kitFile(`examples/${name}`);
  const document = Document.parse(parse(text));
  const isOne = 'dataProduct' in document;
  const { components } = isOne ? document.dataProduct : document;
  return {
    name,
    text,
    kind: isOne ? 'COMPONENT_DESCRIPTOR' : 'DATAPRODUCT_DESCRIPTOR',
    components: components.filter(({ technology }) => technology === 'airbyte'),
  };
});

export const COMPONENTS = EXAMPLES.flatMap(({ name, components }) =>
  components.map((component) => ({ name: `${name}: ${component.id}`, component })),
);

/* The wizard. Nunjucks is no dependency: of it only what the skeleton uses is done here. */

type Values = Record<string, unknown>;

const TAG = /\s*\{%-?\s*(if\b.*?|endif)\s*-?%\}|\$\{\{\s*values\.(\w+)\s*\|\s*dump\s*\}\}/g;

/** Nunjucks writes nothing for what is not there. */
const dump = (value: unknown) => (value === undefined ? '' : JSON.stringify(value));

const isEmpty = (value: unknown) => !value || (Array.isArray(value) && value.length === 0);

const holds = (condition: string, values: Values) => {
  const [, name = '', wanted, length] =
    /^if values\.(\w+)(?: == "(.*)"| (\| length))?$/.exec(condition) ?? [];
  if (!name) throw new Error(`The skeleton's ${condition} is beyond this test.`);
  if (wanted !== undefined) return values[name] === wanted;
  return length ? !isEmpty(values[name]) : Boolean(values[name]);
};

/** `${{ values.x | dump }}` and `{% if %}` as Nunjucks has them; anything else is left, and then no YAML. */
export const render = (template: string, values: Values) => {
  const open: boolean[] = [];
  let text = '';
  let from = 0;
  const isShown = () => open.every(Boolean);
  for (const match of template.matchAll(TAG)) {
    if (isShown()) text += template.slice(from, match.index);
    from = match.index + match[0].length;
    const [, tag, name] = match;
    if (name && isShown()) text += dump(values[name]);
    if (tag === 'endif') open.pop();
    else if (tag) open.push(holds(tag, values));
  }
  if (open.length > 0) throw new Error('An if of the skeleton has no endif.');
  return text + template.slice(from);
};

const SKELETON = kitFile('template/skeleton/catalog-info.yaml').replace(/^%SKELETON\n/, '');
const CatalogInfo = z.object({ spec: z.object({ mesh: z.looseObject({}) }) });

/** The component that Witboost makes of the rendered skeleton. */
export const componentOf = (values: Values): Component => {
  const { mesh } = CatalogInfo.parse(parse(render(SKELETON, values))).spec;
  return Component.parse({ id: 'urn:dmb:cmp:sales:orders:1:shop', ...mesh });
};

/** The same in a descriptor. */
export const descriptorOf = (component: Component) =>
  stringify({
    dataProduct: {
      id: 'urn:dmb:dp:sales:orders:1',
      name: 'Orders',
      domain: 'sales',
      version: '1.2.0',
      environment: 'development',
      components: [component],
    },
    componentIdToProvision: component.id,
  });

const common = {
  identifier: 'sales.orders.1.shop',
  name: 'Shop: "all" of it',
  description: "What's ordered # in the shop",
  domain: 'sales',
  dataproduct: 'system:default/sales.orders.1',
  developmentGroup: 'group:sales',
  dependsOn: [],
  readsFrom: ['urn:dmb:ex:shop'],
  version: '1.0.0',
  useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
  infrastructureTemplateId: 'urn:dmb:itm:airbyte-provisioner:0',
  sourceName: 'Shop',
  destinationName: 'Warehouse',
  connectionName: 'Shop <> Warehouse',
  scheduleType: 'manual',
  syncOnProvision: false,
};

const file = { sourceConnector: 'file', datasetName: 'orders', format: 'csv' };
const SOURCES: [string, Values][] = [
  ['a file', { ...file, storage: 'HTTPS', url: 'https://files.example.com/orders.csv' }],
  ['a public file in GCS', { ...file, storage: 'GCS', url: 'gs://b/orders.csv', gcsKeyRef: '' }],
  ['a file in GCS', { ...file, storage: 'GCS', url: 'gs://b/orders.csv', gcsKeyRef: 'GCS_KEY' }],
  [
    'a file in S3',
    { ...file, storage: 'S3', url: 's3://b/orders.csv', s3KeyIdRef: 'S3_ID', s3KeyRef: 'S3_KEY' },
  ],
  [
    'Postgres',
    {
      sourceConnector: 'postgres',
      sourceHost: 'db.example.com',
      sourcePort: 5432,
      sourceDatabase: 'shop',
      sourceSchemas: ['public'],
      sourceUsername: 'reader',
      sourcePasswordRef: 'SHOP_PASSWORD',
      scheduleType: 'cron',
      cronExpression: '0 0 6 * * ?',
      streams: [{ name: 'orders', syncMode: 'full_refresh_append' }],
    },
  ],
];
const DESTINATIONS: [string, Values][] = [
  ['Snowflake', { destinationConnector: 'snowflake', snowflakeDatabase: 'SALES' }],
  [
    'Postgres',
    {
      destinationConnector: 'postgres',
      destinationHost: 'db.example.com',
      destinationPort: 5432,
      destinationDatabase: 'reporting',
      destinationSchema: 'orders',
      destinationUsername: 'loader',
      destinationPasswordRef: 'REPORTING_PASSWORD',
    },
  ],
  [
    'S3',
    {
      destinationConnector: 's3',
      bucket: 'lake',
      bucketPath: '',
      bucketRegion: 'eu-south-1',
      bucketKeyIdRef: 'LAKE_ID',
      bucketKeyRef: 'LAKE_KEY',
    },
  ],
  [
    'BigQuery',
    {
      destinationConnector: 'bigquery',
      projectId: 'acme',
      datasetLocation: 'EU',
      datasetId: 'orders_1',
      bigqueryKeyRef: 'BIGQUERY_KEY',
    },
  ],
  ['Databricks', { destinationConnector: 'databricks', databricksSchema: '' }],
];

/** What is filled in, for each source and each destination that the wizard offers. */
export const WIZARDS = SOURCES.flatMap(([source, from]) =>
  DESTINATIONS.map(([destination, to]) => ({
    name: `from ${source} to ${destination}`,
    values: { ...common, ...from, ...to },
  })),
);
