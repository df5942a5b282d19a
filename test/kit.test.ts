import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { parse } from 'yaml';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { settingsSchema, specificSchema } from '../scripts/kit-schema';
import { RequestError, describeProblem } from '../src/contract/problems';
import { readDescriptor } from '../src/descriptor/descriptor';
import { FabricSettings, typeFor } from '../src/fabrics/types';
import { ownedIn } from '../src/settings/tenancy';
import { readSettings } from '../src/settings/read';
import {
  COMPONENTS,
  EXAMPLES,
  WIZARDS,
  componentOf,
  descriptorOf,
  kitFile,
  objectOf,
  render,
} from './support/kit-parts';

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const isSpecific = ajv.compile(specificSchema());
const problemsOf = (specific: unknown) => {
  isSpecific(specific);
  return isSpecific.errors;
};

const refusals = (act: () => unknown): string[] => {
  try {
    act();
  } catch (err) {
    if (err instanceof RequestError) return err.problems.map(describeProblem);
    throw err;
  }
  return [];
};

const read = (text: string) =>
  readDescriptor({ descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor: text });

test.each([
  ['specific', specificSchema],
  ['provisioner', settingsSchema],
])(
  'the JSON Schema %s is the one of the code; node dist/scripts/kit.js writes it',
  (name, schemaOf) => {
    const kept: unknown = JSON.parse(kitFile(`schema/${name}.schema.json`));
    expect(kept).toEqual(JSON.parse(JSON.stringify(schemaOf())));
  },
);

test.each(COMPONENTS)('the JSON Schema takes the example $name', ({ component }) => {
  expect(problemsOf(component.specific)).toBeNull();
});

const BAD: [string, (specific: Record<string, object>) => void][] = [
  ['no source', (specific) => Reflect.deleteProperty(specific, 'source')],
  ['a misspelt field', ({ connection }) => Reflect.set(objectOf(connection), 'shedule', {})],
  ['a secret in clear', ({ source }) => Reflect.set(configOf(source), 'password', 'x')],
  ['an unknown connector', ({ source }) => Reflect.set(objectOf(source), 'connector', 'fax')],
  ['a number for text', ({ source }) => Reflect.set(configOf(source), 'host', 5)],
];
const configOf = (part: object | undefined): object =>
  objectOf(Reflect.get(objectOf(part), 'connectionConfiguration'));

test.each(BAD)('the JSON Schema refuses %s', (_what, spoil) => {
  const found = COMPONENTS.find(({ name }) => name.startsWith('postgres-to-snowflake'));
  const specific = z.record(z.string(), z.looseObject({})).parse(found?.component.specific);
  expect(problemsOf(specific)).toBeNull();
  const copy = structuredClone(specific);
  spoil(copy);
  expect(problemsOf(copy)).not.toBeNull();
});

test.each(WIZARDS)('the wizard makes a component that is valid: $name', ({ values }) => {
  const component = componentOf(values);
  expect(component).toMatchObject({ name: values.name, description: values.description });
  expect(read(descriptorOf(component)).warnings).toEqual([]);
});

const FABRICS: [destination: string, values: object, named: string | undefined][] = [
  ['Snowflake', { snowflakeFabric: 'warehouse' }, 'warehouse'],
  ['Databricks', { databricksFabric: 'lakehouse' }, 'lakehouse'],
  ['Snowflake', { snowflakeFabric: '' }, undefined],
  ['Databricks', { databricksFabric: '' }, undefined],
  ['Snowflake', { databricksFabric: 'lakehouse' }, undefined],
  ['Databricks', { snowflakeFabric: 'warehouse' }, undefined],
  ['Postgres', { snowflakeFabric: 'warehouse', databricksFabric: 'lakehouse' }, undefined],
];
test.each(FABRICS)(
  'the wizard names the fabric of the destination that is chosen: %s, %j',
  (destination, more, named) => {
    const wizard = WIZARDS.find(({ name }) => name.endsWith(`to ${destination}`));
    const component = componentOf({ ...wizard?.values, ...more });
    expect(Reflect.get(objectOf(component.specific.destination), 'fabric')).toBe(named);
  },
);

const NAMED = EXAMPLES.filter(({ text }) => /^ +fabric: /m.test(text));
const tenancy = ownedIn(
  readSettings(readFileSync(path.join(ROOT, 'examples/fabrics.yaml'), 'utf8')),
);
const readOwned = (descriptor: string) =>
  readDescriptor({ descriptorKind: 'COMPONENT_DESCRIPTOR', descriptor }, { tenancy });

test('an example names a fabric of each type', () => {
  const types = NAMED.map(({ text }) => typeFor(readOwned(text).plan.destination.connector)?.name);
  expect(types.toSorted()).toEqual(
    FabricSettings.options.map(({ shape }) => shape.type.value).toSorted(),
  );
});

test.each(NAMED)(
  '$name writes to the fabric that it names, of examples/fabrics.yaml',
  ({ text }) => {
    const { plan, warnings } = readOwned(text);
    const [, fabric] = /^ +fabric: (.+)$/m.exec(text) ?? [];
    expect(plan.destination).toMatchObject({ fabric });
    expect(warnings).toEqual([]);
  },
);

const REFUSED: [what: string, change: (text: string) => string][] = [
  ['one that nobody has', (text) => text.replace(/fabric: \w+/, 'fabric: nowhere')],
  [
    'one of another type',
    (text) =>
      text.replace(/fabric: \w+/, (it) =>
        it.endsWith('lakehouse') ? 'fabric: warehouse' : 'fabric: lakehouse',
      ),
  ],
  [
    'one that its team may not use',
    (text) =>
      text
        .replace('domain: finance', 'domain: marketing')
        .replaceAll(':finance:', ':marketing:')
        .replace('fabric: lakehouse', 'fabric: warehouse'),
  ],
];
test.each(
  NAMED.flatMap(({ name, text }) =>
    REFUSED.map(([what, change]) => ({ name, text, what, change })),
  ),
)('$name with a fabric that is $what is refused at its path', ({ text, change }) => {
  const problems = refusals(() => readOwned(change(text)));
  expect(problems).toContainEqual(expect.stringMatching(/^specific\.destination\.fabric /));
});

/** Every property that a wizard asks for; those of an array's items are part of the array. */
const asked = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(asked);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    if (key === 'items') return [];
    return key === 'properties' ? Object.keys(objectOf(inner)) : asked(inner);
  });
};

const unique = (names: Iterable<string>) => [...new Set(names)].toSorted();
const namesIn = (text: string, pattern: RegExp) =>
  unique([...text.matchAll(pattern)].map(([, name = '']) => name));

const Form = z.object({ parameters: z.array(z.unknown()) });
const Template = z.object({
  kind: z.literal('Template'),
  spec: Form.extend({
    steps: z.tuple(
      [z.object({ input: z.object({ values: z.record(z.string(), z.string()) }) })],
      z.unknown(),
    ),
  }),
});
const template = Template.parse(parse(kitFile('template/template.yaml')));
const { values } = template.spec.steps[0].input;

test('what the wizard asks for is what is handed to the skeleton, and what that uses', () => {
  const skeleton = ['catalog-info.yaml', 'parameters.yaml'].map((name) =>
    kitFile(`template/skeleton/${name}`),
  );
  const used = namesIn(skeleton.join(''), /\bvalues\.(\w+)/g);
  expect(unique(Object.keys(values))).toEqual(used);
  const handed = namesIn(Object.values(values).join(' '), /\bparameters\.(\w+)/g);
  expect(handed).toEqual(unique(asked(template.spec.parameters)));
  for (const [name, value] of Object.entries(values))
    if (value.startsWith('${{') && name !== 'version')
      expect(value).toBe(`\${{ parameters.${name} }}`);
});

test('the wizard is rendered with nothing left over, and the same for what it is told of itself', () => {
  const rendered = render(kitFile('template/skeleton/parameters.yaml'), {
    dataproduct: 'system:default/sales.orders.1',
    useCaseTemplateVersion: '0.0.0',
  });
  expect(parse(rendered)).toEqual({
    readonly: { __system__: 'system:default/sales.orders.1', __version__: '0.0.0' },
  });
});

const Edit = z.object({
  apiVersion: z.literal('witboost.com/v2'),
  kind: z.literal('EditTemplate'),
  spec: Form.extend({ useCaseTemplateId: z.tuple([z.string()]) }),
});
const Reverse = Edit.extend({ kind: z.literal('ReverseProvisioningTemplate') });

test('the edit template asks for the same, and is for the components of the wizard', () => {
  const edit = Edit.parse(parse(kitFile('edit-template/edit-template.yaml')));
  expect(edit.spec.useCaseTemplateId).toEqual([values.useCaseTemplateId]);
  expect(unique(asked(edit.spec.parameters))).toEqual(unique(asked(template.spec.parameters)));
});

test('the reverse provisioning template asks for what the provisioner reads', () => {
  const text = kitFile('reverse-provisioning-template/reverse-provisioning-template.yaml');
  const reverse = Reverse.parse(parse(text));
  expect(reverse.spec.useCaseTemplateId).toEqual([values.useCaseTemplateId]);
  expect(unique(asked(reverse.spec.parameters))).toEqual(['connectionId', 'connectionName']);
});

test('the examples are of the template and the provisioner that the wizard names', () => {
  for (const { component } of COMPONENTS)
    expect(component).toMatchObject({
      useCaseTemplateId: values.useCaseTemplateId,
      infrastructureTemplateId: values.infrastructureTemplateId,
    });
});
