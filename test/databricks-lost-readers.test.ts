import { fabricFindings } from '../activities/drift/fabric-findings';
import { DEFAULTS } from '../simulator/databricks/simulator';
import { KEY, databricksBench, step } from './support/databricks-fabric';

const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

/* What was granted to people by us, and somebody else has taken from them. */

const { control, component, made, calls } = databricksBench();
const { catalog } = DEFAULTS;
const ALICE = 'alice@example.com';

const shared = () => ({ ...step(), sharing: {} });
const revoke = (remove: string[]) =>
  control('grants', {
    on: 'schema',
    name: `${catalog}.cash_flow_0`,
    principal: ALICE,
    add: [],
    remove,
  });
const findings = async () => {
  const seen = await component().look(shared());
  return fabricFindings({ key: KEY, token: 'token' }, seen, 'lakehouse');
};

test('a check for drift tells it, by whom it is missed, and that a request for access gives it', async () => {
  const mine = await made();
  await mine.grant([ALICE, 'analysts'], step());
  expect(await findings()).toEqual([]);
  await revoke(['SELECT']);
  expect(await findings()).toEqual([
    {
      kind: 'missing',
      component: KEY,
      entity: 'grant',
      name: `SELECT on the schema ${catalog}.cash_flow_0 for ${ALICE}`,
      fabric: 'lakehouse',
      ids: [],
      token: 'token',
      remedy: like(/updateacl/),
    },
  ]);
  await mine.grant([ALICE, 'analysts'], step());
  expect(await findings()).toEqual([]);
  await revoke(['SELECT', 'USE_SCHEMA']);
  await mine.grant(['analysts'], step());
  expect(await findings()).toEqual([]);
});

test('who has all privileges has lost nothing, and a provision does not ask for it', async () => {
  const mine = await made();
  await mine.grant([ALICE], step());
  await revoke(['SELECT', 'USE_SCHEMA']);
  await control('grants', {
    on: 'schema',
    name: `${catalog}.cash_flow_0`,
    principal: ALICE,
    add: ['ALL_PRIVILEGES'],
    remove: [],
  });
  expect(await findings()).toEqual([]);
  await control('requests', undefined, 'DELETE');
  expect((await mine.look(step())).lost).toBeUndefined();
  const alone = (await calls()).length;
  await control('requests', undefined, 'DELETE');
  await mine.look(shared());
  expect((await calls()).length).toBe(alone + 1);
});
