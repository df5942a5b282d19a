import type { Airbyte, ConnectionWrite } from '../../src/airbyte/workspace';
import { isRefused } from '../../src/contract/call-error';

import { attempt } from '../attempt';
import { differingIn, isWhole, withoutEmptyLists } from '../comparison/reads';
import type { FormerConnection } from '../comparison/reads';
import { cronOf } from '../comparison/differences';
import { settled } from '../unclear-answers';
import { asItWas, fieldsLeft, noLongerThere } from './restored';
import type { Left, Restored } from './restored';
import { connectionIn } from './snapshot';
import type { Snapshot } from './snapshot';
import type { RestoreDeps } from './actor';

/** What people call the fields. */
const SHOWN: Record<string, string> = { configurations: 'streams' };
const shown = ([field = '']: string[]) => SHOWN[field] ?? field;

/** As it is written to Airbyte. */
const asWritten = (former: FormerConnection): Partial<ConnectionWrite> => {
  const { name, status, schedule } = former;
  const part = {
    name,
    ...(status !== undefined && { status }),
    ...(schedule && { schedule: { ...schedule, cronExpression: cronOf(schedule.cronExpression) } }),
  };
  if (!isWhole(former)) return part;
  const {
    sourceId: _source,
    destinationId: _destination,
    odd: _odd,
    prefix = '',
    ...whole
  } = former;
  return {
    ...whole,
    ...part,
    prefix,
    configurations: { streams: former.configurations.streams.map(withoutEmptyLists) },
  };
};

const only = (fields: string[], of: Partial<ConnectionWrite>): Partial<ConnectionWrite> =>
  Object.fromEntries(Object.entries(of).filter(([field]) => fields.includes(field)));

/** A basic schedule is one that the public API shows, but does not take. */
const isUnwritable =
  ({ schedule }: FormerConnection) =>
  (group: string[]) =>
    group.includes('schedule') &&
    schedule?.scheduleType === 'basic' &&
    schedule.basicSchedule === undefined;

/** One by one: a field that Airbyte refuses does not keep the others from being put back. `ofAll`: why it refused all at once. */
const writeEach = async (
  write: (fields: string[]) => Promise<unknown>,
  groups: string[][],
  ofAll: Error,
) => {
  if (groups.length === 1) throw ofAll;
  const refused = new Map<string, string>();
  for (const group of groups) {
    try {
      await write(group);
    } catch (err) {
      if (!isRefused(err)) throw err;
      refused.set(shown(group), err.message);
    }
  }
  if (refused.size === groups.length) throw ofAll;
  return refused;
};

const putBack = async (airbyte: Airbyte, former: FormerConnection, groups: string[][]) => {
  const wanted = asWritten(former);
  const write = (fields: string[]) => airbyte.patchConnection(former.id, only(fields, wanted));
  try {
    await write(groups.flat());
    return new Map<string, string>();
  } catch (err) {
    if (!isRefused(err)) throw err;
    return writeEach(write, groups, err);
  }
};

type Former = Snapshot<FormerConnection>;

/** In inputs of older workers it is called `before`. */
type RestoreConnection = { settleTime: number } & ({ former: Former } | { before: Former });

/** Puts a connection back as it was, where it differs; what Airbyte does not take is told. */
export const createRestoreConnection =
  ({ airbyteFor, hrefOf }: Omit<RestoreDeps, 'former'>) =>
  (given: RestoreConnection) =>
    attempt(async ({ settlesAt, interest, hasWritten }): Promise<Restored> => {
      const before = await connectionIn('former' in given ? given.former : given.before);
      const { id, name } = before;
      const named = { kind: 'connection' as const, name, href: hrefOf(`connections/${id}`) };
      settled({ settlesAt });
      const airbyte = await airbyteFor(interest);
      const current = await airbyte.getConnection(id);
      if (!current) throw noLongerThere(named);
      const differing = differingIn(current, before);
      if (differing.length === 0) return asItWas(hasWritten);

      const isNot = isUnwritable(before);
      const writable = differing.filter((group) => !isNot(group));
      const refused =
        writable.length > 0 ? await putBack(airbyte, before, writable) : new Map<string, string>();
      const now = await airbyte.getConnection(id);
      if (!now) throw noLongerThere(named);
      const left: Left[] = differingIn(now, before).flatMap((group) =>
        fieldsLeft(named, [shown(group)], refused.get(shown(group)) ?? whyOf(isNot(group))),
      );
      const changed = writable.length > 0 ? writable.length > refused.size : hasWritten;
      return { changed, left };
    }, given.settleTime);

const whyOf = (isUnwritable: boolean) =>
  isUnwritable
    ? 'this API of Airbyte does not take a basic schedule'
    : 'Airbyte shows another value';
