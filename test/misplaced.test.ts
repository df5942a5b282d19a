import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { ROOT } from '../scripts/child';
import { RequestError, describeProblem } from '../src/contract/problems';
import { isRecord } from '../src/contract/json';
import { readPlans } from '../src/descriptor/product';
import { readSettingsFile } from '../src/settings/file';
import { descriptor, request } from './support/fixtures';
import { EXAMPLES, objectOf } from './support/kit-parts';
import { readAs } from '../src/contract/parse';
import { ProvisioningRequest } from '../src/contract/coordinator';

type Path = (string | number)[];

/** Where the fabrics are that examples name. */
const tenancy = readSettingsFile(join(ROOT, 'examples', 'fabrics.yaml'));
const namesFabric = (text: string) => /^ +fabric: /m.test(text);

const problemsOf = (text: string, descriptorKind = 'COMPONENT_DESCRIPTOR') => {
  const body = request(text, { descriptorKind });
  const read = readAs(ProvisioningRequest, body, { whole: 'body', solution: '' });
  try {
    readPlans(read, [], namesFabric(text) ? { tenancy } : {});
    return [];
  } catch (err) {
    if (!(err instanceof RequestError)) throw err;
    return err.problems.map(describeProblem);
  }
};

/** What a connector or a reader is told freely: nothing in there is ours to judge. */
const isFree = (path: Path) =>
  path.some((key, index) => key === 'reader_options' && index < path.length - 1) ||
  (path.includes('connectionConfiguration') && path.includes('custom'));

const at = (tree: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => Reflect.get(Object(value), key), tree);

/** The path of each key of the mappings in a tree. */
const keysIn = (value: unknown, path: Path = []): Path[] => {
  if (Array.isArray(value)) return value.flatMap((item, index) => keysIn(item, [...path, index]));
  if (!isRecord(value)) return [];
  if ('secretRef' in value) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    [...path, key],
    ...(key === 'connectionConfiguration' && value.connector === 'custom'
      ? []
      : keysIn(inner, [...path, key])),
  ]);
};

const mapsAbove = (tree: unknown, path: Path) => {
  const above = path.slice(0, -1).map((_, index) => path.slice(0, index));
  return above.filter((each) => isRecord(at(tree, each))).slice(-1);
};

const mapsBeside = (tree: unknown, path: Path) => {
  const parent = path.slice(0, -1);
  const siblings = Object.entries(objectOf(at(tree, parent)));
  return siblings
    .filter(([key, value]) => key !== path.at(-1) && isRecord(value) && !('secretRef' in value))
    .filter(
      ([key]) =>
        !isFree([...parent, key, 'x']) &&
        !(key === 'connectionConfiguration' && at(tree, [...parent, 'connector']) === 'custom'),
    )
    .map(([key]) => [...parent, key]);
};

const moved = (tree: unknown, path: Path, to: Path) => {
  const copy: unknown = structuredClone(tree);
  const key = String(path.at(-1));
  const value = at(copy, path);
  Reflect.deleteProperty(objectOf(at(copy, path.slice(0, -1))), key);
  const target = objectOf(at(copy, to));
  if (key in target) return undefined;
  Reflect.set(target, key, value);
  return copy;
};

const specificsIn = (tree: unknown) =>
  keysIn(tree).filter((path) => path.at(-1) === 'specific' && isRecord(at(tree, path)));

const MOVES = EXAMPLES.flatMap(({ name, kind, text }) => {
  const tree: unknown = parse(text);
  return specificsIn(tree)
    .filter((path) => 'source' in Object(at(tree, path)))
    .flatMap((specific) =>
      keysIn(at(tree, specific), specific)
        .filter((path) => path.length > specific.length)
        .flatMap((path) =>
          [...mapsAbove(tree, path), ...mapsBeside(tree, path)].flatMap((to) => {
            const changed = moved(tree, path, to);
            const what = `${path.slice(specific.length).join('.')} to ${to.slice(specific.length - 1).join('.')}`;
            return changed === undefined ? [] : [{ name, kind, what, text: stringify(changed) }];
          }),
        ),
    );
});

test('each key of an example that is moved a level up or down is refused, with where it belongs', () => {
  const silent = MOVES.flatMap(({ name, kind, what, text }) => {
    const problems = problemsOf(text, kind);
    const isTold = problems.some((problem) => /belongs|is required|what there is/.test(problem));
    return isTold ? [] : [{ name, what, problems }];
  });
  expect(silent).toEqual([]);
  expect(MOVES.length).toBeGreaterThan(200);
});

test.each(EXAMPLES)('nothing in the example $name is taken for misplaced', ({ text, kind }) => {
  expect(problemsOf(text, kind)).toEqual([]);
});

const POSTGRES = {
  connector: 'postgres',
  name: 'Shop',
  connectionConfiguration: { host: 'db.example.com', database: 'shop', username: 'reader' },
};
const configured = (more: object) => ({
  ...POSTGRES,
  connectionConfiguration: { ...POSTGRES.connectionConfiguration, ...more },
});
const CRON = '0 0 6 * * ?';
const HASHING = {
  type: 'hashing',
  mapperConfiguration: { targetField: 'email', method: 'SHA-256', fieldNameSuffix: '_hashed' },
};
const CUSTOM = { connector: 'custom', name: 'Samples', definitionName: 'Sample Data' };

interface Given {
  source?: object;
  destination?: object;
  connection?: object;
  [key: string]: unknown;
}

/** The problems of a component whose `specific` has this over what is right. */
const refusalsOf = ({ source, destination, connection, ...beside }: Given, around: object = {}) => {
  const document: unknown = parse(descriptor());
  const component = objectOf(at(document, ['dataProduct', 'components', 1]));
  Object.assign(component, around, {
    specific: {
      source: source ?? POSTGRES,
      destination: destination ?? { name: 'Warehouse' },
      connection: { name: 'Shop to warehouse', ...connection },
      ...beside,
    },
  });
  return problemsOf(stringify(document)).map((problem) =>
    problem.replace(/^dataProduct\.components\[1\]\./, '').replace(/ \(line \d+\)/, ''),
  );
};

const stream = (more: object) => ({ connection: { streams: [{ name: 'orders', ...more }] } });

test.each<[Given, string]>([
  [
    { streams: [{ name: 'orders' }] },
    'specific.streams: is not known here; it belongs under specific.connection',
  ],
  [
    { schedule: { scheduleType: 'cron', cronExpression: CRON } },
    'specific.schedule: is not known here; it belongs under specific.connection',
  ],
  [{ prefix: 'raw_' }, 'specific.prefix: is not known here; it belongs under specific.connection'],
  [
    { status: 'inactive' },
    'specific.status: is not known here; it belongs under specific.connection',
  ],
  [{ tags: ['gdpr'] }, 'specific.tags: is not known here; it belongs under specific.connection'],
  [
    { mappers: [HASHING] },
    'specific.mappers: is not known here; it belongs under specific.connection.streams[]',
  ],
  [
    { connection: { mappers: [HASHING] } },
    'specific.connection.mappers: is not known here; it belongs under specific.connection.streams[]',
  ],
  [
    { connection: { cursorField: 'at' } },
    'specific.connection.cursorField: is not known here; it belongs under specific.connection.streams[]',
  ],
  [
    { connection: { sync_mode: 'incremental_append' } },
    'specific.connection.sync_mode: is not known here; it is syncMode, and belongs under specific.connection.streams[]',
  ],
  [
    { connection: { scheduleType: 'manual' } },
    'specific.connection.scheduleType: is not known here; it belongs under specific.connection.schedule',
  ],
  [
    { connection: { streams: [{ name: 'orders' }], selectedFields: ['id'] } },
    'specific.connection.selectedFields: is not known here; it belongs under specific.connection.streams[]',
  ],
  [
    { source: { ...POSTGRES, replication_method: { method: 'Xmin' } } },
    'specific.source.replication_method: is not known here; it belongs under specific.source.connectionConfiguration',
  ],
  [
    { source: { ...POSTGRES, schemas: ['sales'] } },
    'specific.source.schemas: is not known here; it belongs under specific.source.connectionConfiguration',
  ],
  [
    { source: { ...POSTGRES, streams: [{ name: 'orders' }] } },
    'specific.source.streams: is not known here; it belongs under specific.connection',
  ],
  [
    { source: { ...POSTGRES, schedule: { scheduleType: 'manual' } } },
    'specific.source.schedule: is not known here; it belongs under specific.connection',
  ],
  [
    { source: configured({ mode: 'require' }) },
    'specific.source.connectionConfiguration.mode: is not known here; it belongs under specific.source.connectionConfiguration.ssl_mode',
  ],
  [
    { source: configured({ method: 'CDC' }) },
    'specific.source.connectionConfiguration.method: is not known here; it belongs under specific.source.connectionConfiguration.replication_method',
  ],
  [
    {
      source: configured({ ssl_mode: { mode: 'require', replication_method: { method: 'Xmin' } } }),
    },
    'specific.source.connectionConfiguration.ssl_mode.replication_method: is not known here; it belongs under specific.source.connectionConfiguration',
  ],
  [
    { source: configured({ ssl_mode: { mode: 'require', ca_certificate: { secretRef: 'CA' } } }) },
    'specific.source.connectionConfiguration.ssl_mode.ca_certificate: is not known here; it belongs with mode: verify-ca, or with mode: verify-full',
  ],
  [
    { source: configured({ replication_method: { method: 'Standard', publication: 'all' } }) },
    'specific.source.connectionConfiguration.replication_method.publication: is not known here; it belongs with method: CDC',
  ],
  [
    {
      source: {
        name: 'Files',
        format: 'excel',
        connectionConfiguration: { url: 'https://example.com/a.xlsx', dataset_name: 'a' },
      },
    },
    'specific.source.format: is not known here; it belongs under specific.source.connectionConfiguration',
  ],
  [
    { source: { ...CUSTOM, count: 7 } },
    'specific.source.count: is not known here; what the connector is to know belongs under connectionConfiguration',
  ],
  [
    { destination: { name: 'Warehouse', schema: 'RAW' } },
    'specific.destination.schema: is not known here; it belongs under specific.destination.connectionConfiguration',
  ],
  [
    { destination: { name: 'Warehouse', database: 'RAW' } },
    'specific.destination.database: is not known here; it belongs under specific.destination.connectionConfiguration',
  ],
  [
    { destination: { name: 'Warehouse', namespaceDefinition: 'source' } },
    'specific.destination.namespaceDefinition: is not known here; it belongs under specific.connection',
  ],
  [
    stream({ schedule: { scheduleType: 'manual' } }),
    'specific.connection.streams[0].schedule: is not known here; it belongs under specific.connection',
  ],
  [
    stream({ prefix: 'raw_' }),
    'specific.connection.streams[0].prefix: is not known here; it belongs under specific.connection',
  ],
  [
    stream({ frequency: 'hourly' }),
    'specific.connection.streams[0].frequency: is not known here; what there is: name, namespace, syncMode, cursorField, primaryKey, selectedFields, mappers, destinationObjectName, includeFiles',
  ],
  [
    stream({ mappers: [{ ...HASHING, targetField: 'email' }] }),
    'specific.connection.streams[0].mappers[0].targetField: is not known here; it belongs under specific.connection.streams[].mappers[].mapperConfiguration',
  ],
  [
    stream({ mappers: [{ ...HASHING, note: 'x' }] }),
    'specific.connection.streams[0].mappers[0].note: is not known here; what there is: type, mapperConfiguration, id',
  ],
  [
    { connection: { schedule: { scheduleType: 'manual', timezone: 'Europe/Rome' } } },
    'specific.connection.schedule.timezone: is not known here; what there is: scheduleType',
  ],
  [
    {
      connection: {
        schedule: { scheduleType: 'cron', cronExpression: CRON, streams: [{ name: 'orders' }] },
      },
    },
    'specific.connection.schedule.streams: is not known here; it belongs under specific.connection',
  ],
])('%j is refused: %s', (given, problem) => {
  expect(refusalsOf(given)).toEqual([problem]);
});

test.each([
  { connection: { schedule: { scheduleType: 'manual', cronExpression: '' } } },
  { connection: { schedule: { scheduleType: 'manual', timezone: null } } },
  stream({ frequency: '', transformations: [], options: {} }),
  stream({ mappers: [{ ...HASHING, note: '' }] }),
  { source: { ...CUSTOM, count: null } },
  { connection: { tags: [{ name: 'gdpr', note: '' }] } },
])('%j says nothing, and is ignored', (given) => {
  expect(refusalsOf(given)).toEqual([]);
});

test('a key beside specific that belongs in it is refused', () => {
  const streams = [{ name: 'orders' }];
  expect(refusalsOf({}, { streams, syncMode: 'incremental_append' })).toEqual([
    'streams: is not known here; it belongs under specific.connection',
    'syncMode: is not known here; it belongs under specific.connection.streams[]',
  ]);
  expect(refusalsOf({ connection: { streams } }, { streams })).toEqual([]);
});

test.each<{ what: string; given?: Given; around?: object }>([
  {
    what: 'Witboost’s own fields around specific',
    around: { tags: [{ tagFQN: 'gdpr' }], status: 'draft', type: 'x', prefix: 'y', format: 'z' },
  },
  {
    what: 'a name or a type of a template’s own',
    given: { name: 'x', type: 'y', description: 'z', technology: 'a' },
  },
  { what: 'what is empty', given: { tags: [], streams: null, schedule: {}, prefix: '' } },
  {
    what: 'what is in a free map',
    given: {
      source: {
        ...CUSTOM,
        connectionConfiguration: { streams: [], schedule: 'x', name: 'y' },
      },
    },
  },
  {
    what: 'an option of a reader',
    given: {
      source: {
        name: 'Files',
        connectionConfiguration: {
          url: 'https://example.com/a.csv',
          dataset_name: 'a',
          reader_options: { format: 'x', prefix: 'y' },
        },
      },
    },
  },
  {
    what: 'a key that nobody knows',
    given: { source: configured({ sourceType: 'postgres' }), connection: { dbtGitUrl: 'x' } },
  },
])('$what is not taken for misplaced', ({ given = {}, around }) => {
  expect(refusalsOf(given, around)).toEqual([]);
});

test('many misplaced keys are refused, and some of them are told', () => {
  const streams = Array.from({ length: 3000 }, (_, index) => ({
    name: `s${String(index)}`,
    prefix: 'x',
  }));
  const problems = refusalsOf({ connection: { streams } });
  expect(problems).toHaveLength(20);
});
