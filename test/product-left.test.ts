import { failedStatus } from '../workflows/product/status';
import type { Member } from '../workflows/product/children';

const left = (component: string, leftBehind: string[]): Member => ({
  component,
  state: 'failed',
  status: {
    status: 'FAILED',
    result: 'The component was not unprovisioned.',
    info: { publicInfo: {}, privateInfo: { leftBehind } },
    logs: [],
  },
});

test('what of a data product is left is said to be in Airbyte only where it is', () => {
  const { result, info } = failedStatus({
    members: [
      left('one', ['the schema FINANCE.A in Snowflake']),
      left('two', ['the source "Bookings"']),
    ],
    run: { logs: [] },
    what: 'unprovisioned',
    status: 'FAILED',
    reason: undefined,
    leftBehind: [],
  });
  expect(result).toContain(
    '\nLeft behind: one: the schema FINANCE.A in Snowflake; two: the source "Bookings".\n',
  );
  expect(result).not.toContain('Airbyte');
  expect(info?.privateInfo.leftBehind).toHaveLength(2);
});
