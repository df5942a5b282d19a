import { crowd, shifted, strangers } from './crowd';
import { LAST, NEW_HOST } from './world';
import type { Wish } from './world';
import type { Situation, SituationEnd } from './situation';

/* What an update may come upon. Each row begins with a pipeline that is as wanted. */

const prefix = { connection: { prefix: 'changed_' } };
/** Another host with another secret. */
const moved: Wish = { source: { host: NEW_HOST, secret: 'OTHER' }, ...prefix };
const bothMoved: Wish = { ...moved, destination: { host: NEW_HOST, secret: 'ANOTHER' } };
/** Another user of the same database, with the same secret. */
const otherUser: Wish = { source: { username: 'other' }, ...prefix };

const asBefore: SituationEnd = { status: 'FAILED' };
const nothingWritten: SituationEnd = { status: 'FAILED', unwritten: true };
const secretLeft: SituationEnd = { status: 'FAILED', differs: ['source configuration.password'] };
const sourceLeft: SituationEnd = {
  status: 'FAILED',
  differs: ['source configuration.host', 'source configuration.password'],
};

const row =
  (situation: Situation['situation']) =>
  (
    what: string,
    play: Situation['play'],
    end: Situation['end'],
    more: Partial<Situation> = {},
  ): Situation => ({
    operation: 'update',
    situation,
    what,
    play,
    end,
    ...more,
  });

const refused = row('refused before any write');
const rotated = row('secret rotated');
const missing = row('secret gone');
const unwritable = row('field that cannot be written back');
const shifts = row('page shifts');
const foreign = row('entity of a foreign form');
const byHand = row('changed by hand');
const again = row('again and again');

/** The Config API finds by name, and its lists have no offsets. Others are there first. */
const pages = { only: 'public', first: 'none' } as const;

/** A stream that only a source has which somebody has changed since. */
const bucket = (streams: string[], more: object = {}): Wish => ({
  instead: {
    connector: 's3',
    name: 'ERP',
    connectionConfiguration: {
      bucket: 'erp',
      aws_access_key_id: { secretRef: 'ANOTHER' },
      aws_secret_access_key: { secretRef: 'ERP' },
      streams: streams.map((name) => ({ name, format: { filetype: 'jsonl' } })),
    },
  },
  connection: { streams: streams.map((name) => ({ name })), ...more },
});

export const UPDATES: Situation[] = [
  refused(
    'the specification of the connector does not take the source',
    (world) => world.update({ custom: true, source: { port: 543_200, secret: 'OTHER' } }),
    nothingWritten,
    { first: { custom: true }, good: { custom: true, source: { secret: 'OTHER' } } },
  ),
  refused(
    'Airbyte refuses the new source, which has another secret',
    (world) => world.update(moved, { operation: 'putSource', status: 422 }),
    asBefore,
  ),
  refused(
    'Airbyte refuses the new destination, which has another secret, while the source is written',
    (world) => world.update(bothMoved, { operation: 'putDestination', status: 422 }),
    asBefore,
  ),
  refused(
    'a slip in the name of a stream, with another destination and secret',
    (world) =>
      world.update({
        destination: { host: NEW_HOST, secret: 'ANOTHER' },
        connection: { streams: [{ name: 'custumers' }] },
      }),
    nothingWritten,
  ),
  refused(
    'a secret that descriptors may not use, with another source',
    (world) => world.update({ ...moved, destination: { secret: 'FORBIDDEN' } }),
    asBefore,
  ),

  rotated(
    'not at all: another secret at another host, at both ends',
    (world) => world.update(bothMoved, LAST),
    asBefore,
    { good: bothMoved },
  ),
  rotated(
    'since the former run; the update names another',
    async (world) => {
      await world.rotate('ERP');
      return world.update(moved, LAST);
    },
    secretLeft,
    { good: moved },
  ),
  rotated(
    'since the former run; the update names the same',
    async (world) => {
      await world.rotate('ERP');
      return world.update(otherUser, LAST);
    },
    secretLeft,
  ),
  rotated(
    'at both ends, which is all that the update changes',
    async (world) => {
      await world.rotate('ERP');
      await world.rotate('MART');
      return world.update(prefix, LAST);
    },
    {
      status: 'FAILED',
      differs: ['source configuration.password', 'destination configuration.password'],
    },
  ),
  rotated(
    'while the run goes on',
    (world) => world.interrupted(otherUser, () => world.rotate('ERP'), LAST),
    { status: 'FAILED', differs: 'named', unproven: true },
  ),
  rotated(
    'twice, with an update between',
    async (world) => {
      await world.rotate('ERP');
      await world.provision(otherUser);
      await world.rotate('ERP');
      return world.update({ ...moved, connection: { prefix: 'again_' } }, LAST);
    },
    secretLeft,
  ),

  missing(
    'since the former run; the update names another',
    async (world) => {
      await world.lose('ERP');
      return world.update(moved, LAST);
    },
    sourceLeft,
    { good: moved },
  ),
  missing(
    'its file is empty since the former run; the update names another',
    async (world) => {
      await world.empty('ERP');
      return world.update(moved, LAST);
    },
    sourceLeft,
  ),
  missing(
    'while the run goes on, which wrote the same',
    (world) => world.interrupted(otherUser, () => world.lose('ERP'), LAST),
    asBefore,
  ),
  missing(
    'before the update, which names it',
    async (world) => {
      await world.lose('ERP');
      return world.update(otherUser);
    },
    asBefore,
  ),
  missing(
    'with the former run, which Temporal has forgotten; the update names another',
    async (world) => {
      await world.forgetRuns();
      return world.update(moved, LAST);
    },
    sourceLeft,
  ),

  unwritable(
    'a schedule that only the Config API can write',
    async (world) => {
      await world.byHand('schedule');
      return world.update(otherUser, LAST);
    },
    {
      public: { status: 'FAILED', differs: ['connection schedule'] },
      config: asBefore,
    },
  ),
  unwritable(
    'a stream that the source does not have any more',
    async (world) => {
      await world.byHand('streams');
      return world.update(bucket(['invoices', 'items'], prefix.connection), LAST);
    },
    {
      status: 'FAILED',
      // What somebody changed may be for another secret than the one that is known.
      differs: ['connection streams', 'source configuration.streams'],
      unproven: true,
    },
    { first: bucket(['invoices', 'orders']), good: bucket(['invoices', 'items']) },
  ),

  shifts(
    'the source is hidden by a deletion on the page before',
    async (world) => {
      await crowd(world.harness);
      await world.provision();
      return world.update(moved, shifted('listSources'));
    },
    { status: 'COMPLETED', leaves: 'wanted' },
    { ...pages, good: moved },
  ),
  shifts(
    'the connection is hidden, and the update fails',
    async (world) => {
      await crowd(world.harness);
      await world.provision();
      return world.update(moved, shifted('listConnections'), LAST);
    },
    asBefore,
    pages,
  ),
  foreign(
    'one of each kind lacks what all others have, and the update fails',
    async (world) => {
      await strangers(world.harness);
      return world.update(bothMoved, LAST);
    },
    asBefore,
    { good: bothMoved },
  ),

  byHand(
    'the host, which nobody gave the secret to',
    async (world) => {
      await world.byHand('host');
      return world.update(moved, LAST);
    },
    { status: 'FAILED', differs: 'named', unproven: true },
  ),
  byHand(
    'the name of the source',
    async (world) => {
      await world.byHand('name');
      return world.update(moved, LAST);
    },
    asBefore,
  ),
  byHand(
    'the source is deleted while the run goes on',
    (world) => world.interrupted(otherUser, () => world.byHand('deleted'), LAST),
    { status: 'FAILED', differs: 'named' },
  ),

  again(
    'a second update fails after the first was put back',
    async (world) => {
      await world.update(bothMoved, LAST);
      return world.update(otherUser, LAST);
    },
    asBefore,
  ),
  again(
    'a second update fails after the first could not be put back, and the answer to its undo is lost',
    async (world) => {
      await world.rotate('ERP');
      await world.update(moved, LAST);
      await world.rotate('ERP');
      const lost = { operation: 'putSource', skip: 1, reset: 'after' };
      return world.update({ ...moved, source: { host: NEW_HOST, secret: 'ANOTHER' } }, lost, LAST);
    },
    { ...secretLeft, unproven: true },
  ),
  again(
    'a second update fails after the first could not be put back, and the answer to its write is lost',
    async (world) => {
      await world.rotate('ERP');
      await world.update(moved, LAST);
      await world.rotate('ERP');
      const lost = { operation: 'putSource', reset: 'after' };
      return world.update({ ...moved, source: { host: NEW_HOST, secret: 'ANOTHER' } }, lost, LAST);
    },
    { ...secretLeft, unproven: true },
  ),
  again(
    'a second update fails after the first could not be put back',
    async (world) => {
      await world.rotate('ERP');
      await world.update(moved, LAST);
      return world.update(moved, LAST);
    },
    { status: 'FAILED', differs: 'named', unproven: true },
  ),
];
