import { z } from 'zod';
import rooms from '../../scripts/rooms.json';
import { Variables } from '../../simulator/config';
import { Variables as DatabricksVariables } from '../../simulator/databricks/config';
import { ROUTES as DATABRICKS_ROUTES } from '../../simulator/databricks/control';
import { FaultShape as DatabricksFault } from '../../simulator/databricks/faults';
import { ROUTES } from '../../simulator/control';
import { FaultShape } from '../../simulator/faults';
import { Shift } from '../../simulator/shifts';
import { SnowflakeVariables } from '../../simulator/snowflake/config';
import { SNOWFLAKE_ROUTES } from '../../simulator/snowflake/control';
import { SnowflakeFault } from '../../simulator/snowflake/api/faults';
import { codecVariables } from '../../src/config/codec';
import { cliVariables } from '../../src/config/config';
import { gatewayVariables } from '../../src/config/gateway';
import { workerVariables } from '../../src/config/worker';
import { FabricSettings } from '../../src/fabrics/types';
import { GATEWAY } from '../../src/metrics/gateway';
import type { Described, Values } from '../../src/metrics/instruments';
import { WORKER } from '../../src/metrics/worker';
import { Settings } from '../../src/settings/settings';
import { ATTRIBUTES, SPANS } from '../../src/tracing/spans';

/* The tables of docs/ that are made from the code, each between `<!-- table: … -->` and `<!-- end -->`. */

const row = (cells: string[]) => `| ${cells.join(' | ')} |`;
const tableOf = (head: string[], rows: string[][]) =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

const code = (text: string) => `\`${text}\``;

type Shape = Readonly<Record<string, z.ZodType>>;

const Described = z.object({
  default: z.union([z.string(), z.number(), z.boolean()]).optional(),
  enum: z.array(z.string()).optional(),
  description: z.string().min(1),
});

/** What a field says of itself: its default as it is written, its values, its description. */
export const describedBy = (field: z.ZodType) =>
  Described.parse(z.toJSONSchema(field, { io: 'input', unrepresentable: 'any' }));

const Meta = z.object({
  group: z.enum(['must', 'usual', 'rare']),
  followedBy: z.enum(['gateway', 'worker']).optional(),
  secret: z.literal(true).optional(),
});
const GROUPS = Meta.shape.group.options;

/** Who sets a variable. */
export const groupOf = (field: z.ZodType) => Meta.parse(field.meta()).group;

export const PROGRAMS = new Map<string, Shape>([
  ['gateway', gatewayVariables.shape],
  ['worker', workerVariables.shape],
  ['command line', cliVariables.shape],
  ['codec server', codecVariables.shape],
  ['simulator', Variables.shape],
  ['snowflake simulator', SnowflakeVariables.shape],
  ['databricks simulator', DatabricksVariables.shape],
]);

const defaultOf = (field: z.ZodType) => {
  const { default: given } = describedBy(field);
  if (given === undefined) return field.safeParse(undefined).success ? '' : '**required**';
  return given === '' ? '' : code(String(given));
};

const describe = (field: z.ZodType) => {
  const { description, enum: values } = describedBy(field);
  return values ? `${values.map(code).join(', ')}: ${description}` : description;
};

/** A variable's: a secret may stand in a file instead. */
const meaningOf = (name: string, field: z.ZodType) =>
  Meta.parse(field.meta()).secret
    ? `${describe(field)}. Or ${code(`${name}_FILE`)}, a file with it`
    : describe(field);

/** The variables of a program that it goes by; the others it only compares. */
const variablesOf = (program: string, group: string) =>
  Object.entries(PROGRAMS.get(program) ?? {}).filter(([, field]) => {
    const meta = Meta.parse(field.meta());
    return meta.group === group && (meta.followedBy ?? program) === program;
  });

const variableTables = [...PROGRAMS.keys()].flatMap((program) =>
  GROUPS.map((group): [string, string[][]] => [
    `${program}, ${group}`,
    variablesOf(program, group).map(([name, field]) => [
      code(name),
      defaultOf(field),
      meaningOf(name, field),
    ]),
  ]),
);

const fieldTable = (shape: Shape) =>
  tableOf(
    ['Field', 'Default', 'What it does'],
    Object.entries(shape).map(([name, field]) => [code(name), defaultOf(field), describe(field)]),
  );

const routeTable = (routes: Record<string, string>) =>
  tableOf(
    ['Route', 'What it does'],
    Object.entries(routes).map(([route, what]) => [code(route), what]),
  );

interface Room {
  room: string;
  purpose: string;
  takes?: string[];
  types?: string[];
}

const roomTable = (all: Room[]) =>
  tableOf(
    ['Room', 'Purpose', 'Takes from', 'Types only, from'],
    all.map(({ room, purpose, takes = [], types = [] }) => [
      code(room),
      purpose,
      takes.map(code).join(', '),
      types.map(code).join(', '),
    ]),
  );

const UNITS: [end: string, unit: string][] = [
  ['_timestamp_seconds', 'seconds since 1970'],
  ['_seconds', 'seconds'],
  ['_bytes', 'bytes'],
];
const unitOf = (name: string) => UNITS.find(([end]) => name.endsWith(end))?.[1] ?? '';

const metricTable = (metrics: Record<string, Described>) =>
  tableOf(
    ['Metric', 'Type', 'Unit', 'Labels', 'Meaning'],
    Object.values(metrics).map(({ name, type, labels, help }) => [
      code(name),
      type,
      unitOf(name),
      Object.keys(labels).map(code).join(', '),
      help,
    ]),
  );

const valuesOf = (values: Values) =>
  'first' in values
    ? `the first ${String(values.first)} that are met`
    : values.map(code).join(', ');

/** Each list of values once, with all that have it. */
const labelTable = (metrics: Described[]) => {
  const rows = new Map<string, { label: string; values: string; names: Set<string> }>();
  for (const { name, labels } of metrics)
    for (const [label, allowed] of Object.entries(labels)) {
      const values = valuesOf(allowed);
      const row = rows.get(`${label} ${values}`) ?? { label, values, names: new Set() };
      rows.set(`${label} ${values}`, { ...row, names: row.names.add(name) });
    }
  return tableOf(
    ['Label', 'Of', 'Values'],
    [...rows.values()].map(({ label, values, names }) => [
      code(label),
      [...names].map(code).join(', '),
      values,
    ]),
  );
};

const spanTable = () =>
  tableOf(
    ['Span', 'Kind', 'Program', 'What it is', 'Attributes'],
    Object.values(SPANS).map(({ name, kind, by, help, attributes }) => [
      code(name),
      kind,
      by,
      help,
      attributes.map(code).join(', '),
    ]),
  );

const attributeTable = () =>
  tableOf(
    ['Attribute', 'Meaning'],
    Object.entries(ATTRIBUTES).map(([name, meaning]) => [code(name), meaning]),
  );

const SettingSchema = z.looseObject({
  type: z.string().optional(),
  default: z.unknown().optional(),
  description: z.string().optional(),
  const: z.string().optional(),
  enum: z.array(z.string()).optional(),
  required: z.array(z.string()).default([]),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  oneOf: z.array(z.unknown()).optional(),
});
type SettingSchema = z.output<typeof SettingSchema>;

const NAMES: Record<string, string> = {
  environments: 'ENVIRONMENT',
  teams: 'TEAM',
  fabrics: 'FABRIC',
  users: 'MAIL',
  groups: 'GROUP',
};

/** What is below a place of the configuration file, and how its place is written. */
const partsOf = (at: string, schema: SettingSchema): [string, unknown, boolean][] => {
  if (schema.properties)
    return Object.entries(schema.properties).map(([name, part]) => [
      at === '' ? name : `${at}.${name}`,
      part,
      schema.required.includes(name),
    ]);
  if (schema.oneOf) return schema.oneOf.map((part) => [at, part, false]);
  if (schema.type === 'array') return [[`${at}[]`, schema.items, false]];
  if (typeof schema.additionalProperties !== 'object') return [];
  const name = NAMES[at.slice(at.lastIndexOf('.') + 1)] ?? 'ENVIRONMENT';
  return [[`${at}.${name}`, schema.additionalProperties, false]];
};

const isReference = ({ properties = {} }: SettingSchema) => 'secretRef' in properties;

/** Of what it says of itself the words before a colon: where secrets are is told once, above the tables. */
const referenceMeaning = ({ description = '' }: SettingSchema) =>
  `${description.replace(/:.*/, '')}: \`{ secretRef: NAME }\``;

const settingMeaning = (schema: SettingSchema) => {
  const { description, enum: values, type = '' } = schema;
  if (isReference(schema)) return referenceMeaning(schema);
  const kinds = values?.map(code).join(', ') ?? (description === undefined ? type : undefined);
  return [kinds, description].filter((part) => part !== undefined).join(': ');
};

/** Each place of the configuration file that has a value of its own. */
const settingsRows = (at: string, given: unknown, isRequired = false): string[][] => {
  const schema = SettingSchema.parse(given);
  const parts = isReference(schema) ? [] : partsOf(at, schema);
  const isList = schema.type === 'array' && !SettingSchema.parse(schema.items).properties;
  if (parts.length > 0 && !isList) {
    const below = parts.flatMap(([place, part, required]) => settingsRows(place, part, required));
    return [...new Map(below.map((cells) => [cells[0], cells])).values()];
  }
  const value = schema.default === undefined ? '' : code(JSON.stringify(schema.default));
  return [[code(at), isRequired ? '**required**' : value, settingMeaning(schema)]];
};

const settingsTableOf = (rows: string[][]) => tableOf(['Place', 'Default', 'Meaning'], rows);

const FABRIC = 'fabrics.FABRIC';

/** The file without what the types of fabrics say, each of which has a table of its own. */
const settingsTable = () =>
  settingsTableOf(
    settingsRows('', z.toJSONSchema(Settings, { io: 'input', unrepresentable: 'any' })).filter(
      ([place = '']) => !place.startsWith(code(FABRIC).slice(0, -1)),
    ),
  );

/** By the name of each type: what the file says of a fabric of it. */
const fabricTables = () =>
  FabricSettings.options.map((settings): [string, string] => {
    const schema = z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' });
    return [`fabric, ${settings.shape.type.value}`, settingsTableOf(settingsRows('', schema))];
  });

export const TABLES = new Map<string, string>([
  ['configuration file', settingsTable()],
  ...fabricTables(),
  ...variableTables
    .filter(([, rows]) => rows.length > 0)
    .map(([name, rows]): [string, string] => [
      name,
      tableOf(['Variable', 'Default', 'Meaning'], rows),
    ]),
  ['rooms', roomTable(rooms)],
  ['simulator routes', routeTable(ROUTES)],
  ['databricks simulator routes', routeTable(DATABRICKS_ROUTES)],
  ['metrics of a gateway', metricTable(GATEWAY)],
  ['metrics of a worker', metricTable(WORKER)],
  ['labels', labelTable([...Object.values(GATEWAY), ...Object.values(WORKER)])],
  ['spans', spanTable()],
  ['attributes of spans', attributeTable()],
  [
    'snowflake simulator routes',
    tableOf(
      ['Route', 'What it does'],
      Object.entries(SNOWFLAKE_ROUTES).map(([route, what]) => [code(route), what]),
    ),
  ],
  ['snowflake fault', fieldTable(SnowflakeFault.shape)],
  ['fault', fieldTable(FaultShape.shape)],
  ['databricks fault', fieldTable(DatabricksFault.shape)],
  ['shift', fieldTable(Shift.shape)],
]);

const MARKED = /<!-- table: (.+?) -->\n[\s\S]*?<!-- end -->/g;

export const tablesIn = (document: string) =>
  [...document.matchAll(MARKED)].map(([, name = '']) => name);

/** The document with the tables of today; prettier lays it out. */
export const withTables = (document: string) =>
  document.replace(
    MARKED,
    (_whole, name: string) =>
      `<!-- table: ${name} -->\n\n${TABLES.get(name) ?? ''}\n\n<!-- end -->`,
  );

export const withoutTables = (document: string) => document.replace(MARKED, '');
