import fc from 'fast-check';
import { stringify } from 'yaml';
import { ProvisioningRequest } from '../src/contract/coordinator';
import { RequestError } from '../src/contract/problems';
import { readIdentities, readPlans } from '../src/descriptor/product';
import { ALIAS_BOMB, CASHFLOW } from './support/fixtures';

const id = (component: string) => `urn:dmb:cmp:finance:cashflow:0:${component}`;
const NONE: string[] = [];

const specific = (name: string) => ({
  source: {
    name: `${name} CSV`,
    connectionConfiguration: {
      url: `https://files.example.invalid/${name}.csv`,
      format: 'csv',
      provider: { storage: 'HTTPS', user_agent: false },
      dataset_name: name,
    },
  },
  destination: { name: 'Snowflake', connectionConfiguration: { database: 'mydatabase' } },
  connection: { name: `${name} <> Snowflake` },
});

const ours = (name: string, more: object = {}) => ({
  kind: 'workload',
  id: id(name),
  technology: 'airbyte',
  specific: specific(name),
  ...more,
});

/** What other provisioners are sent, in forms of their own. */
const FOREIGN = [
  { kind: 'storage', id: id('warehouse'), technology: 'snowflake', specific: null },
  null,
  42,
  { kind: 'workload', id: id('dag'), technology: 'airflow', specific: { source: 'a', tasks: [] } },
  { kind: 'outputport', id: 'no urn at all', specific: 'text', technology: 'airbyte' },
];

const product = (components: unknown, more: object = {}) => ({
  id: 'urn:dmb:dp:finance:cashflow:0',
  name: 'Cash Flow',
  kind: 'dataproduct',
  domain: 'finance',
  version: '0.2.0',
  environment: 'development',
  components,
  ...more,
});

const request = (
  document: unknown,
  more: Partial<ProvisioningRequest> = {},
): ProvisioningRequest => ({
  descriptorKind: 'DATAPRODUCT_DESCRIPTOR',
  descriptor: typeof document === 'string' ? document : stringify(document),
  ...more,
});

const namesIn = (document: unknown, templates = NONE) =>
  readPlans(request(document), templates).descriptors.map(({ plan }) => plan.component.component);

const problemsOf = (act: () => unknown): string[] => {
  try {
    act();
  } catch (err) {
    if (err instanceof RequestError) return err.message.split('\n');
    throw err;
  }
  return [];
};

const pathsOf = (act: () => unknown) =>
  problemsOf(act).map((problem) => problem.replace(/ \(line \d+\)/, ''));

test('a data product is read as the plans of those components that are ours', () => {
  const read = readPlans(request(product([...FOREIGN, ours('payments'), ours('refunds')])), NONE);
  expect(read.product).toEqual({
    environment: 'development',
    domain: 'finance',
    product: 'cashflow',
    major: '0',
    key: 'development/finance.cashflow.0',
  });
  expect(read.descriptors.map(({ plan }) => [plan.component.key, plan.source.name])).toEqual([
    ['development/finance.cashflow.0.payments', 'payments CSV'],
    ['development/finance.cashflow.0.refunds', 'refunds CSV'],
  ]);
});

test('its plans are those that the components have alone, so their tokens are the same', () => {
  const whole = readPlans(request(product([ours('payments')])), NONE);
  const descriptor = {
    dataProduct: product([ours('payments')]),
    componentIdToProvision: id('payments'),
  };
  const alone = readPlans(request(descriptor, { descriptorKind: 'COMPONENT_DESCRIPTOR' }), NONE);
  expect(whole.descriptors).toEqual(alone.descriptors);
  expect(alone.product).toBeUndefined();
});

test('the fields of a data product may be under dataProduct, as they are of a component', () => {
  const read = readPlans(request(CASHFLOW), NONE);
  expect(read.descriptors.map(({ plan }) => plan.component.component)).toEqual(['payments']);
  expect(read.warnings).toEqual([
    'componentIdToProvision (line 54): is ignored: a DATAPRODUCT_DESCRIPTOR is about all components of the data product',
  ]);
});

const { technology: _, ...bare } = ours('payments');

test.each([
  ['technology', { ...bare, technology: 'Airbyte' }, true],
  [
    'useCaseTemplateId',
    { ...bare, specific: 3, useCaseTemplateId: 'urn:dmb:utm:AIRBYTE-x:0' },
    true,
  ],
  [
    'infrastructureTemplateId',
    { ...bare, infrastructureTemplateId: 'urn:dmb:itm:airbyte:0' },
    true,
  ],
  ['a source and a connection in specific', bare, true],
  ['a kind in capitals', { ...ours('payments'), kind: 'Workload' }, true],
  ['a source alone', { ...bare, specific: { source: {} } }, false],
  ['another kind', { ...ours('payments'), kind: 'storage' }, false],
  ['no kind', { ...ours('payments'), kind: null }, false],
  ['another technology', { ...bare, specific: {}, technology: 'airflow' }, false],
])('a component is told by its form: %s', (_case, component, isOurs) => {
  const problems = pathsOf(() => namesIn(product([component])));
  const none = problems.some((problem) => problem.startsWith('components: has no component'));
  expect(none).toBe(!isOurs);
});

test('where templates are named, only their components are ours, and letter case counts', () => {
  const templates = ['urn:dmb:itm:loader:0'];
  const named = ours('payments', { infrastructureTemplateId: 'urn:dmb:itm:loader:0' });
  const shouted = ours('refunds', { infrastructureTemplateId: 'URN:dmb:itm:loader:0' });
  expect(namesIn(product([named, shouted, ours('third')]), templates)).toEqual(['payments']);
  expect(problemsOf(() => namesIn(product([shouted]), templates))).toEqual([
    'components (line 7): has no component of this provisioner: none has an infrastructureTemplateId of urn:dmb:itm:loader:0 (letter case counts)',
  ]);
  expect(pathsOf(() => namesIn(product([{ ...named, kind: 'storage' }]), templates))).toEqual([
    'components[0].kind: must be workload: an Airbyte pipeline is one',
  ]);
});

const brokenSource = { ...specific('b'), source: { ...specific('b').source, name: 3 } };

test('the problems of all our components are told at once, each with its path and line', () => {
  const components = [
    ours('a', { specific: brokenSource }),
    ...FOREIGN,
    ours('c', { specific: { ...specific('c'), connection: {} } }),
    ours('d:sub'),
    { ...ours('e'), id: 'urn:dmb:cmp:finance:other:0:e' },
    ours('f'),
    ours('F'),
    { ...ours('g'), id: undefined },
  ];
  const broken = () => namesIn(product(components, { version: '7' }));
  expect(pathsOf(broken)).toEqual([
    'version: must be a version such as 0.2.0',
    'components[9].id: is the id of components[10] too',
    'components[10].id: is the id of components[9] too',
    'a.specific.source.name: must be text, not number; put it in quotes if it is meant as text',
    'c.specific.connection.name: is required',
    'components[7].id: names a subcomponent; this provisioner provisions whole components only',
    'components[8].id: is not a component of the data product urn:dmb:dp:finance:cashflow:0',
    'components[11].id: is required',
  ]);
  expect(problemsOf(broken)[3]).toContain('a.specific.source.name (line 13)');
});

test('what is broken in a component of another technology is not ours to tell', () => {
  const text = stringify(product([ours('payments'), { kind: 'storage', id: id('x'), a: 1, b: 2 }]));
  expect(readPlans(request(text.replace('b: 2', 'a: 2')), NONE).descriptors).toHaveLength(1);
  const twice = text.replace('format: csv', 'format: csv\n          format: json');
  expect(pathsOf(() => readPlans(request(twice), NONE))).toEqual([
    'payments.specific.source.connectionConfiguration.format: is given twice in one place; keep one of them',
  ]);
  const shared = product([ours('payments'), { kind: 'storage', id: id('PAYMENTS') }]);
  expect(pathsOf(() => namesIn(shared))).toEqual([
    'components[0].id: is the id of components[1] too',
  ]);
});

const many = Array.from({ length: 201 }, (_item, index) => ours(`c${String(index)}`));

test('a data product has at most 200 components of ours', () => {
  const read = (count: number) => () =>
    readIdentities(request(product(many.slice(0, count))), NONE);
  expect(read(200)().identities).toHaveLength(200);
  expect(pathsOf(read(201))).toEqual([expect.stringMatching(/^components: has 201 components of/)]);
});

test.each([
  ['no components', product(undefined), ['components: must be a list']],
  ['components that are no list', product({ a: ours('a') }), ['components: must be a list']],
  ['no component', product([]), [expect.stringMatching(/^components: has no component of/)]],
  ['none of ours', product(FOREIGN), [expect.stringMatching(/names airbyte in its infra/)]],
  ['a list instead of a product', [ours('a')], ['descriptor: must be a map of keys and values']],
  ['broken YAML', 'a: [', [expect.stringMatching(/^descriptor: is not valid YAML/)]],
  ['an alias bomb', ALIAS_BOMB, [expect.stringMatching(/more than 250000 nodes/)]],
  ['no id', product([ours('a')], { id: null }), [expect.stringMatching(/^id: /)]],
  [
    "a component's id",
    product([ours('a')], { id: id('a') }),
    ['id: must be urn:dmb:dp:<domain>:<product>:<major>'],
  ],
  [
    'no environment',
    product([ours('a')], { environment: undefined }),
    ['environment: is required'],
  ],
  ['too many of ours', product(many), [expect.stringMatching(/has 201 components of this/)]],
])(
  'a data product with %s is refused, provisioned or unprovisioned',
  (_case, document, problems) => {
    expect(pathsOf(() => readPlans(request(document), NONE))).toEqual(problems);
    expect(pathsOf(() => readIdentities(request(document), NONE))).toEqual(problems);
  },
);

test.each([readPlans, readIdentities])('a descriptor with results is refused', (read) => {
  const kind = { descriptorKind: 'DATAPRODUCT_DESCRIPTOR_WITH_RESULTS' as const };
  expect(problemsOf(() => read(request(product([ours('a')]), kind), NONE))).toEqual([
    'descriptorKind: DATAPRODUCT_DESCRIPTOR_WITH_RESULTS is not used in requests to a provisioner (specification 2.2.0, DescriptorKind)',
  ]);
});

test.each([readPlans, readIdentities])('a subcomponent alone is refused', (read) => {
  const whole = { dataProduct: product([ours('a:b')]), componentIdToProvision: id('a:b') };
  const alone = request(whole, { descriptorKind: 'COMPONENT_DESCRIPTOR' });
  expect(pathsOf(() => read(alone, NONE))).toEqual([
    'componentIdToProvision: names a subcomponent; this provisioner provisions whole components only',
  ]);
});

test('removing a data product needs the identity of what is ours, and no more', () => {
  const components = [
    ours('a', { specific: brokenSource }),
    ...FOREIGN,
    ours('b', { specific: 3, kind: 'WORKLOAD' }),
    { ...ours('c', { technology: null, specific: null }) },
  ];
  const latestEnrichedDescriptor = stringify(product([ours('c'), ours('gone')]));
  const read = readIdentities(
    request(product(components, { version: 7, name: null }), { latestEnrichedDescriptor }),
    NONE,
  );
  expect(read.identities.map(({ component }) => component.component)).toEqual(['a', 'b', 'c']);
  expect(read.warnings).toEqual([
    'urn:dmb:cmp:finance:cashflow:0:gone was there before and is not in this descriptor; nothing is done with it',
  ]);
});

const GUIDS = {
  sourceId: '0b8f4e1a-2f5c-4f0e-9a51-000000000001',
  destinationId: '0b8f4e1a-2f5c-4f0e-9a51-000000000002',
  connectionId: '0b8f4e1a-2f5c-4f0e-9a51-000000000003',
};

const knownAfter = (enriched: unknown) => {
  const latestEnrichedDescriptor =
    typeof enriched === 'string' ? enriched : stringify(enriched, { aliasDuplicateObjects: false });
  const whole = request(product([ours('payments'), ours('refunds')]), { latestEnrichedDescriptor });
  const [payments, refunds] = readPlans(whole, NONE).descriptors;
  return { payments: payments?.known, refunds: refunds?.known, notes: payments?.notes };
};

test('ids and the last operation come from each component of the latest enriched descriptor', () => {
  const latestProvisioningOperation = { operation: 'Deploy', status: 'Successful' };
  const inside = { info: { publicInfo: {}, privateInfo: GUIDS, latestProvisioningOperation } };
  const beside = { info: { privateInfo: GUIDS }, latestProvisioningOperation };
  const notes = ["Witboost's last operation on record: Deploy, Successful"];
  for (const former of [inside, beside])
    expect(knownAfter(product([...FOREIGN, { id: id('payments'), ...former }]))).toEqual({
      payments: GUIDS,
      refunds: {},
      notes,
    });
});

test('ids come from what a run of the whole data product told, too', () => {
  const { sourceId } = GUIDS;
  const privateInfo = { 'refunds.sourceId': sourceId, 'payments.sourceId': 'none', sourceId };
  expect(knownAfter(product([], { info: { privateInfo } }))).toMatchObject({
    payments: {},
    refunds: { sourceId },
  });
});

const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

test.each([
  ['absent', ''],
  ['a number', 3],
  ['a list', [1, [2]]],
  ['no YAML', '}{'],
  ['an alias bomb', ALIAS_BOMB],
  ['nested deeply', deep(20_000)],
  ['nested deeply in info', `components: [{id: ${id('payments')}, info: ${deep(3000)}}]`],
  ['huge', `components: [${'{a: 1},'.repeat(20_000)}]`],
  ['made of odd tags', '!!set {a, b}\n---\n!!binary x'],
  ['a map with maps as keys', '? {a: 1}\n: {components: []}'],
  ['about prototypes', '{"__proto__": {"components": 1}, "constructor": 3}'],
  ['a product with components that are no list', product('none')],
  ['a component that is a number', product([1, null, [id('payments')]])],
  ['info that is a list', product([{ id: id('payments'), info: [GUIDS] }], { info: 3 })],
  ['ids that are none', product([{ id: id('payments'), info: { privateInfo: { sourceId: 1 } } }])],
  ['operations that are none', product([{ id: id('payments'), latestProvisioningOperation: [] }])],
])(
  'a latest enriched descriptor that is %s tells nothing and breaks nothing',
  (_case, enriched) => {
    expect(knownAfter(enriched)).toEqual({ payments: {}, refunds: {}, notes: [] });
  },
);

test('whatever is in the latest enriched descriptor, the plans are the same', () => {
  const plain = readPlans(request(product([ours('payments')])), NONE).descriptors;
  const piece = fc.anything({ maxDepth: 4 });
  const shaped = fc.record({
    info: piece,
    components: fc.oneof(
      piece,
      fc.array(fc.record({ id: fc.oneof(fc.constant(id('payments')), piece), info: piece })),
    ),
  });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        shaped.map((value) => JSON.stringify(value)),
      ),
      (text) => {
        const enriched = { latestEnrichedDescriptor: text };
        const read = readPlans(request(product([ours('payments')]), enriched), NONE).descriptors;
        expect(read.map(({ plan }) => plan)).toEqual(plain.map(({ plan }) => plan));
      },
    ),
    { numRuns: 500 },
  );
});

test.each([5, true, { a: 1 }, ['x'], null])(
  'a latest enriched descriptor that is no text is none (%j)',
  (latestEnrichedDescriptor) => {
    const asked = { ...request(product([ours('payments')])), latestEnrichedDescriptor };
    expect(ProvisioningRequest.parse(asked).latestEnrichedDescriptor ?? undefined).toBeUndefined();
  },
);

test('the info of components that others depend on is tolerated, in our own too', () => {
  const info = { publicInfo: { a: 1 }, privateInfo: { outputs: [{}], password: 'x' } };
  const dependsOn = [id('warehouse')];
  const components = [
    { kind: 'storage', id: id('warehouse'), info },
    ours('payments', { info, dependsOn, latestProvisioningOperation: 3 }),
  ];
  const read = readPlans(request(product(components, { info })), NONE);
  expect(read.descriptors).toEqual(
    readPlans(request(product([ours('payments')])), NONE).descriptors,
  );
});
