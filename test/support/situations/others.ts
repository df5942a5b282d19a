import { API } from '../airbyte-operations';
import { crowd, crowdOfGroups, shifted, strangeAccess, strangers } from './crowd';
import { LAST, NEW_HOST } from './world';
import type { Wish } from './world';
import type { Situation, SituationEnd } from './situation';

/* What a data product, updateacl and unprovision may come upon. */

const rows =
  (operation: Situation['operation'], common: Partial<Situation> = {}) =>
  (
    situation: Situation['situation'],
    what: string,
    play: Situation['play'],
    end: Situation['end'],
    more: Partial<Situation> = {},
  ): Situation => ({ operation, situation, what, play, end, ...common, ...more });

const asBefore: SituationEnd = { status: 'FAILED' };

const prefix = { connection: { prefix: 'changed_' } };
const moved: Wish = { source: { host: NEW_HOST, secret: 'OTHER' }, ...prefix };
/** The second component is as wanted, but its first sync cannot start: when the other one is changed. */
const second: Wish = { source: { secret: 'ANOTHER' } };
const failing: Wish = { ...second, connection: { syncOnProvision: true } };
const NO_SYNC = {
  operation: API === 'public' ? 'createJob' : 'syncConnection',
  delay: 1000,
  status: 403,
};

const product = rows('product', { first: 'none' });

export const PRODUCTS: Situation[] = [
  product(
    'refused before any write',
    'one component is refused by its specification, the other is put back',
    async (world) => {
      const custom: Wish = { custom: true };
      await world.product([{}, custom]);
      return world.product([moved, { ...custom, source: { port: 543_200, secret: 'OTHER' } }]);
    },
    asBefore,
    { good: moved },
  ),
  product(
    'secret rotated',
    'since the former run; the other component fails',
    async (world) => {
      await world.product([{}, second]);
      await world.rotate('ERP');
      return world.product([moved, failing], NO_SYNC);
    },
    { status: 'FAILED', differs: ['source configuration.password'] },
    { good: moved },
  ),
  product(
    'secret gone',
    'since the former run; the other component fails',
    async (world) => {
      await world.product([{}, second]);
      await world.lose('ERP');
      return world.product([moved, failing], NO_SYNC);
    },
    {
      status: 'FAILED',
      differs: ['source configuration.host', 'source configuration.password'],
    },
  ),
  product(
    'field that cannot be written back',
    'a schedule of one that only the Config API can write; the other fails',
    async (world) => {
      await world.product([{}, second]);
      await world.byHand('schedule');
      return world.product([moved, failing], NO_SYNC);
    },
    { public: { status: 'FAILED', differs: ['connection schedule'] }, config: asBefore },
  ),
  product(
    'page shifts',
    'the source of one is hidden; the other fails',
    async (world) => {
      await crowd(world.harness);
      await world.product([{}, second]);
      return world.product([moved, failing], shifted('listSources'), NO_SYNC);
    },
    asBefore,
    { only: 'public' },
  ),
  product(
    'entity of a foreign form',
    'one of each kind lacks what all others have; one component fails',
    async (world) => {
      await strangers(world.harness);
      await world.product([{}, second]);
      return world.product([moved, failing], NO_SYNC);
    },
    asBefore,
  ),
];

const NAME = 'user:name.surname_agilelab.it';
const DEVS = 'group:devs';
const ALICE = 'user:alice@foo.bar';
const name = 'name.surname@agilelab.it: workspace_reader';
const devs = 'devs: workspace_reader';
const alice = 'alice@foo.bar: workspace_reader';

const access = rows('updateacl');

export const ACCESSES: Situation[] = [
  access(
    'refused before any write',
    'one of them is unknown to Airbyte',
    async (world) => {
      await world.updateacl([NAME]);
      return world.updateacl([ALICE, 'group:nobody']);
    },
    { status: 'FAILED', unwritten: true },
  ),
  access(
    'secret rotated',
    'of the pipeline, which it does not concern',
    async (world) => {
      await world.rotate('ERP');
      return world.updateacl([NAME, DEVS]);
    },
    { status: 'COMPLETED', leaves: 'before', access: [devs, name] },
  ),
  access(
    'secret gone',
    'of the pipeline, which it does not concern; a grant fails',
    async (world) => {
      await world.updateacl([DEVS]);
      await world.lose('ERP');
      return world.updateacl([NAME, ALICE], {
        operation: 'createPermission',
        status: 422,
        commit: true,
      });
    },
    asBefore,
  ),
  access(
    'field that cannot be written back',
    'who lost their access cannot be given it again',
    async (world) => {
      await world.updateacl([NAME, DEVS]);
      return world.updateacl(
        [ALICE],
        { operation: 'createPermission', skip: 1, status: 422 },
        { operation: 'deleteGroupPermission', status: 422 },
      );
    },
    { status: 'FAILED', differs: [`access ${name}`] },
  ),
  access(
    'page shifts',
    'a group is hidden by a deletion on the page before',
    async (world) => {
      await crowdOfGroups(world.harness);
      return world.updateacl(['group:zulu', ALICE], shifted('listGroups'));
    },
    { status: 'COMPLETED', leaves: 'before', access: [alice, 'zulu: workspace_reader'] },
  ),
  access(
    'entity of a foreign form',
    'a group without a name, and a permission without a type',
    async (world) => world.updateacl([DEVS, ALICE], ...(await strangeAccess(world.harness))),
    { status: 'COMPLETED', leaves: 'before', access: [alice, devs] },
  ),
];

const removal = rows('unprovision with removeData');
const clearing = { operation: 'createJob', status: 422 };
const all = { removeData: true };

/** Active on a cron until somebody paused it: its clear needs it active, and without a schedule. */
const nightly: Wish = {
  connection: { schedule: { scheduleType: 'cron', cronExpression: '0 0 6 * * ?' } },
};

export const REMOVALS: Situation[] = [
  removal(
    'refused before any write',
    'the data of a paused connection cannot be cleared',
    async (world) => {
      await world.byHand('inactive');
      return world.unprovision(all, clearing);
    },
    asBefore,
    { first: nightly },
  ),
  removal(
    'secret rotated',
    'since the former run, and the data cannot be cleared',
    async (world) => {
      await world.rotate('ERP');
      return world.unprovision(all, clearing);
    },
    asBefore,
  ),
  removal(
    'secret gone',
    'since the former run',
    async (world) => {
      await world.lose('ERP');
      return world.unprovision(all);
    },
    { status: 'COMPLETED', leaves: 'nothing' },
  ),
  removal(
    'field that cannot be written back',
    'the schedule of a paused connection, whose data cannot be cleared',
    async (world) => {
      await world.byHand('schedule');
      await world.byHand('inactive');
      return world.unprovision(all, clearing);
    },
    { public: { status: 'FAILED', differs: ['connection schedule'] }, config: asBefore },
  ),
  removal(
    'page shifts',
    'the source is hidden by a deletion on the page before',
    async (world) => {
      await crowd(world.harness);
      await world.provision();
      return world.unprovision(all, shifted('listSources'));
    },
    { status: 'COMPLETED', leaves: 'nothing' },
    { only: 'public', first: 'none' },
  ),
  removal(
    'entity of a foreign form',
    'one of each kind lacks what all others have',
    async (world) => {
      await strangers(world.harness);
      return world.unprovision(all);
    },
    { status: 'COMPLETED', leaves: 'nothing' },
  ),
  removal(
    'again and again',
    'after an update that failed and one that did not',
    async (world) => {
      await world.update(moved, LAST);
      await world.provision(moved);
      return world.unprovision(all);
    },
    { status: 'COMPLETED', leaves: 'nothing' },
  ),
];
