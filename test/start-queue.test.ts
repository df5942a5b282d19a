import { STARTS } from '../src/runs/start';
import { LASTING } from '../src/concurrency/interest';
import { createStartQueue } from '../src/runs/start-queue';

const down = new Error('down');
const options = {
  atOnce: 1,
  maxWaiting: 10,
  isOutage: (err: unknown) => err === down,
  silence: 1000,
};
const busy = /more requests to hand to Temporal than it can now/;

/** What may begin has begun by then. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A task that ends when it is told to. */
const held = () => {
  let end = (_err?: Error): void => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    end = (err) => {
      if (err) reject(err);
      else resolve();
    };
  });
  return { task: () => ended, end };
};

test('tasks run so many at once, in the order they came', async () => {
  const inTurn = createStartQueue({ ...options, atOnce: 2 });
  const begun: number[] = [];
  const tasks = [held(), held(), held()];
  const all = tasks.map(({ task }, index) =>
    inTurn(() => {
      begun.push(index);
      return task();
    }, LASTING),
  );
  await settled();
  expect(begun).toEqual([0, 1]);
  for (const { end } of tasks) end();
  await Promise.all(all);
  expect(begun).toEqual([0, 1, 2]);
});

test.each(['cancelled', 'timeUp'] as const)(
  'a task that still waits at the end of the interest in it (%s) is not begun',
  async (how) => {
    const inTurn = createStartQueue({ ...options, maxWaiting: 1 });
    const first = held();
    const running = inTurn(first.task, LASTING);
    await settled();
    const over = new AbortController();
    const task = jest.fn();
    const late = inTurn(task, { ...LASTING, [how]: over.signal });
    over.abort();
    await expect(late).rejects.toThrow(busy);
    // Its place is free for the next.
    const second = inTurn(() => Promise.resolve('second'), LASTING);
    first.end();
    await running;
    expect(await second).toBe('second');
    await expect(inTurn(task, { ...LASTING, [how]: over.signal })).rejects.toThrow(busy);
    expect(task).not.toHaveBeenCalled();
  },
);

test('one more than may wait is told so at once', async () => {
  const inTurn = createStartQueue({ ...options, maxWaiting: 1 });
  const first = held();
  const running = inTurn(first.task, LASTING);
  await settled();
  const waiting = inTurn(() => Promise.resolve('second'), LASTING);
  await expect(inTurn(() => Promise.resolve('third'), LASTING)).rejects.toThrow(busy);
  first.end();
  await running;
  expect(await waiting).toBe('second');
});

test('those that wait during an outage fail with it; those that come later find out for themselves', async () => {
  const inTurn = createStartQueue(options);
  const first = held();
  const running = inTurn(first.task, LASTING);
  const waiting = inTurn(() => Promise.resolve('second'), LASTING);
  const outcomes = Promise.allSettled([running, waiting]);
  // The clock has to have moved on from when they came.
  await new Promise((resolve) => setTimeout(resolve, 5));
  first.end(down);
  expect(await outcomes).toMatchObject([{ reason: down }, { reason: down }]);
  expect(await inTurn(() => Promise.resolve('later'), LASTING)).toBe('later');
});

test('a failure of its own is nobody else’s', async () => {
  const inTurn = createStartQueue(options);
  const first = held();
  const outcomes = Promise.allSettled([
    inTurn(first.task, LASTING),
    inTurn(() => Promise.resolve(2), LASTING),
  ]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  first.end(new Error('own'));
  expect(await outcomes).toMatchObject([{ status: 'rejected' }, { value: 2 }]);
});

/** As a gateway has them: as many as go at once, until they are let go. */
const ofGateway = async () => {
  const inTurn = createStartQueue({ ...STARTS, isOutage: () => false });
  const first = held();
  const going = Array.from({ length: 10 }, () => inTurn(first.task, LASTING));
  // They are counted when they have begun.
  await new Promise(setImmediate);
  return { inTurn, letGo: () => (first.end(), Promise.all(going)) };
};

test('5,000 starts wait behind those that are handed over, and one more is told so at once', async () => {
  const { inTurn, letGo } = await ofGateway();
  let begun = 0;
  const waiting = Array.from({ length: 5000 }, () =>
    inTurn(() => Promise.resolve((begun += 1)), LASTING),
  );
  await expect(inTurn(() => Promise.resolve(), LASTING)).rejects.toThrow(busy);
  expect(begun).toBe(0);
  await letGo();
  await Promise.all(waiting);
  expect(begun).toBe(5000);
});
