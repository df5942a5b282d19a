import { describeProblem, RequestError } from '../src/contract/problems';
import type { Problem } from '../src/contract/problems';
import { readPlans } from '../src/descriptor/product';
import { createReader } from '../src/reading/reader';
import { inputOf, judgeInput } from '../src/descriptor/input-size';
import { readYaml } from '../src/reading/yaml';
import { productOf } from './support/contract/world';
import { descriptor, request } from './support/fixtures';
import { shrinkingTo } from './support/noise';

const custom = (filler: string) => ({
  source: {
    connector: 'custom',
    name: 'X',
    definitionName: 'X',
    connectionConfiguration: { filler },
  },
});
const ofComponent = (filler: string) => ({
  ...request(descriptor(custom(filler))),
  descriptorKind: 'COMPONENT_DESCRIPTOR' as const,
});
const ofProduct = (filler: string) => ({
  ...request(productOf(descriptor(custom(filler)))),
  descriptorKind: 'DATAPRODUCT_DESCRIPTOR' as const,
});

const problemsOf = (read: () => unknown): Problem[] => {
  try {
    read();
    return [];
  } catch (err) {
    if (!(err instanceof RequestError)) throw err;
    return err.problems;
  }
};

test.each([
  ['a component', ofComponent, 'specific'],
  ['a data product', ofProduct, 'components'],
] as const)('of %s is as large as it may be, and not a byte larger', (what, bodyOf, path) => {
  const { descriptors } = readPlans(bodyOf(''), []);
  const around = JSON.stringify(what === 'a component' ? descriptors[0] : descriptors).length;
  const room = 2_000_000 - around;
  const problemsWith = (length: number) =>
    problemsOf(() => readPlans(bodyOf('x'.repeat(length)), []));
  expect(problemsWith(room)).toEqual([]);
  const told = problemsWith(room + 1).map(describeProblem);
  expect(told).toEqual([
    expect.stringMatching(
      /\(line \d+\): takes 2000001 bytes as JSON with its defaults filled in, and a run takes at most 2000000: /,
    ),
  ]);
  expect(told[0]).toContain(`${path} (line`);
});

test('compressed it is as large as it may be, and not a byte larger', () => {
  const judged = (bytes: number) => {
    const reader = createReader(readYaml('a: 1', 'text'));
    judgeInput(reader, shrinkingTo(bytes, JSON.stringify), { of: 'component', at: ['a'] });
    return reader.problems.map(({ message }) => message);
  };
  expect(judged(1_500_000)).toEqual([]);
  expect(judged(1_500_001)).toEqual([
    expect.stringMatching(
      /^takes 1500001 bytes compressed, and a run takes at most 1500000: name fewer/,
    ),
  ]);
});

test('with what stands around the plans it is as large as it may be, and not a byte larger', () => {
  const room = 3_000_000 - '""'.length;
  expect(problemsOf(() => inputOf('x'.repeat(room)))).toEqual([]);
  expect(problemsOf(() => inputOf('x'.repeat(room + 1)))).toEqual([
    {
      path: 'body',
      message: 'asks for a run whose input takes 3000001 bytes, and a run takes at most 3000000',
    },
  ]);
});
