import { z } from 'zod';
import { subjectOf } from '../src/airbyte/call';
import { whileWanted } from '../src/concurrency/interest';
import { createLimit } from '../src/concurrency/limit';
import { createSharedReads } from '../src/airbyte/shared-reads';
import { airbyteOf, atEnd, interestOf, startAirbyte } from './support/airbyte-clients';

/* What becomes of those who wait for Airbyte: in the queue, or for what others ask for as well. */

const over = () => new Error('over');

/** A work that ends when it is told to. */
const held = () => {
  let end = (): void => undefined;
  const work = new Promise<string>((resolve) => {
    end = () => {
      resolve('done');
    };
  });
  return { work: () => work, end };
};

test('so many are in flight, the others in the order they came', async () => {
  const limit = createLimit(2);
  const { interest } = interestOf();
  const works = [held(), held(), held(), held()];
  const begun: number[] = [];
  const all = works.map(({ work }, index) =>
    limit(
      () => {
        begun.push(index);
        return work();
      },
      { interest, over },
    ),
  );
  await Promise.resolve();
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  works[1]?.end();
  await all[1];
  await Promise.resolve();
  expect(begun).toEqual([0, 1, 2]);
  for (const { end } of works) end();
  expect(await Promise.all(all)).toEqual(['done', 'done', 'done', 'done']);
});

test.each(['cancelled', 'timeUp'] as const)(
  'who waits hears at once that it is over (%s), and leaves the place to the next',
  async (end) => {
    const limit = createLimit(1);
    const first = held();
    const leaving = interestOf();
    const running = limit(first.work, { interest: interestOf().interest, over });
    const work = jest.fn(() => Promise.resolve('late'));
    const waiting = limit(work, { interest: leaving.interest, over });
    const next = limit(() => Promise.resolve('next'), { interest: interestOf().interest, over });
    leaving[end].abort();
    await expect(waiting).rejects.toThrow('over');
    first.end();
    expect([await running, await next]).toEqual(['done', 'next']);
    expect(work).not.toHaveBeenCalled();
  },
);

test('a slot that is free in the moment of leaving is given on', async () => {
  const limit = createLimit(1);
  const first = held();
  const leaving = interestOf();
  const running = limit(first.work, { interest: interestOf().interest, over });
  const waiting = limit(() => Promise.resolve('late'), { interest: leaving.interest, over });
  const next = limit(() => Promise.resolve('next'), { interest: interestOf().interest, over });
  first.end();
  await running;
  leaving.cancelled.abort();
  await waiting.catch(over);
  expect(await next).toBe('next');
});

test('thousands leave no listener behind', async () => {
  const warnings: string[] = [];
  const note = ({ name }: Error) => warnings.push(name);
  process.on('warning', note);
  atEnd(() => process.off('warning', note));
  const { interest } = interestOf();
  const waits = Array.from({ length: 2000 }, () => whileWanted(interest, Promise.resolve(1), over));
  await Promise.all(waits);
  expect(warnings).toEqual([]);
});

test('who asks while a read goes on shares the next, which begins after it', async () => {
  const share = createSharedReads<number>();
  const { interest } = interestOf();
  const reads = [held(), held(), held()];
  let begun = 0;
  const read = async () => {
    const number = begun++;
    await reads[number]?.work();
    return number;
  };
  const ask = () => share('list', { interest, over }, read);
  const first = [ask(), ask()];
  await Promise.resolve();
  await Promise.resolve();
  await Promise.resolve();
  expect(begun).toBe(1);
  const second = [ask(), ask(), ask()];
  reads[0]?.end();
  expect(await Promise.all(first)).toEqual([0, 0]);
  await Promise.resolve();
  const third = ask();
  reads[1]?.end();
  reads[2]?.end();
  expect(await Promise.all(second)).toEqual([1, 1, 1]);
  expect(await third).toBe(2);
});

test('a read goes on until the last who wants it has left; a failure is for those who share it', async () => {
  const share = createSharedReads<string>();
  const [one, two] = [interestOf(), interestOf()];
  let seen: AbortSignal | undefined;
  const read = ({ cancelled }: { cancelled: AbortSignal }) => {
    seen = cancelled;
    return new Promise<string>((_resolve, reject) => {
      cancelled.addEventListener('abort', () => {
        reject(new Error('ended'));
      });
    });
  };
  const both = [one, two].map(({ interest }) => share('list', { interest, over }, read));
  const outcomes = Promise.allSettled(both);
  one.cancelled.abort();
  await expect(both[0]).rejects.toThrow('over');
  expect(seen?.aborted).toBe(false);
  two.timeUp.abort();
  await outcomes;
  expect(seen?.aborted).toBe(true);

  const { interest } = interestOf();
  const fail = () => Promise.reject(new Error('no list'));
  const failing = [1, 2].map(() => share('list', { interest, over }, fail));
  expect(await Promise.allSettled(failing)).toMatchObject([
    { reason: { message: 'no list' } },
    { reason: { message: 'no list' } },
  ]);
  expect(await share('list', { interest, over }, () => Promise.resolve('anew'))).toBe('anew');
});

test('who asks when all who waited for a read have left gets a read of its own', async () => {
  const share = createSharedReads<number>();
  const first = held();
  const { interest } = interestOf();
  const going = share('list', { interest, over }, async () => {
    await first.work();
    return 1;
  });
  await new Promise(setImmediate);
  const leaving = interestOf();
  const left = share('list', { interest: leaving.interest, over }, () => Promise.resolve(2));
  leaving.cancelled.abort();
  await expect(left).rejects.toThrow('over');
  const late = share('list', { interest, over }, () => Promise.resolve(3));
  first.end();
  expect(await Promise.all([going, late])).toEqual([1, 3]);
});

test.each([
  [{ path: '/sources', body: { name: 'orders [prod/a.b.0.c #12345678]' } }, 'the source "orders"'],
  [{ path: '/destinations/update', body: { name: 'w' } }, 'the destination "w"'],
  [{ path: '/connections', body: { name: 'a to b', sourceId: 's' } }, 'the connection "a to b"'],
  [{ path: '/streams', query: { sourceId: 's1', destinationId: 'd1' } }, 'the source s1'],
  [{ path: '/jobs', body: { connectionId: 'c1', jobType: 'sync' } }, 'the connection c1'],
  [{ path: '/tags/create', body: { name: 'finance', workspaceId: 'w1' } }, 'the tag "finance"'],
  [{ path: '/tags/delete', body: { tagId: 't1', workspaceId: 'w1' } }, 'the tag t1'],
  [{ path: '/source_definitions/list', body: { name: 'no entity' } }, undefined],
  [{ path: '/sources' }, undefined],
])('%j is about %s', (call, subject) => {
  expect(subjectOf(call)).toBe(subject);
});

test('both clients of a worker have as many calls in flight as AIRBYTE_MAX_IN_FLIGHT says', async () => {
  const { url, control, inFlight } = await startAirbyte({ latency: 30 });
  await control('/seed', { sources: 3, destinations: 1, connections: 1 });
  const { airbyteFor, publicHttp } = airbyteOf({ api: 'config', url, maxInFlight: 2 });
  const { interest } = interestOf();
  const path = '/sources';
  const calls = Array.from({ length: 10 }, () => [
    airbyteFor(interest).then((airbyte) => airbyte.getWorkspace()),
    publicHttp({ method: 'GET', path, answer: z.unknown(), interest }),
  ]);
  await Promise.all(calls.flat());
  expect(await inFlight()).toBe(2);
});

describe.each(['public', 'config'] as const)('through the %s API', (api) => {
  test('two hundred who look for something at once read the list a handful of times', async () => {
    const { url, control, requests } = await startAirbyte();
    await control('/seed', { sources: 250, destinations: 1, connections: 1 });
    const { airbyteFor } = airbyteOf({ api, url });
    const finders = Array.from({ length: 200 }, async () =>
      (await airbyteFor(interestOf().interest)).listActors('source'),
    );
    const found = await Promise.all(finders);
    expect(new Set(found.map(({ length }) => length))).toEqual(new Set([250]));
    const reads = (await requests()).filter((operation) => operation?.startsWith('listSources'));
    // Three pages a look, two looks for each finder: 1,200 calls if each were alone.
    expect(reads.length).toBeLessThanOrEqual(5 * 3);
  });
});
