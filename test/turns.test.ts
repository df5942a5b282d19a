import { STARTS } from '../src/start-run';
import { createTurns } from '../src/turns';

const down = new Error('down');
const options = {
  atOnce: 1,
  maxWaiting: 10,
  patience: 60_000,
  isOutage: (err: unknown) => err === down,
  silence: 1000,
};
const busy = /more requests to hand to Temporal than it can now/;

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
  const inTurn = createTurns({ ...options, atOnce: 2 });
  const begun: number[] = [];
  const tasks = [held(), held(), held()];
  const all = tasks.map(({ task }, index) =>
    inTurn(() => {
      begun.push(index);
      return task();
    }),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  for (const { end } of tasks) end();
  await Promise.all(all);
  expect(begun).toEqual([0, 1, 2]);
});

test('a task whose turn comes too late is not begun', async () => {
  const inTurn = createTurns({ ...options, patience: -1 });
  const task = jest.fn();
  await expect(inTurn(task)).rejects.toThrow(busy);
  expect(task).not.toHaveBeenCalled();
});

test('one more than may wait is told so at once', async () => {
  const inTurn = createTurns({ ...options, maxWaiting: 1 });
  const first = held();
  const running = inTurn(first.task);
  await Promise.resolve();
  const waiting = inTurn(() => Promise.resolve('second'));
  await expect(inTurn(() => Promise.resolve('third'))).rejects.toThrow(busy);
  first.end();
  await running;
  expect(await waiting).toBe('second');
});

test('those that wait during an outage fail with it; who comes later finds out for himself', async () => {
  const inTurn = createTurns(options);
  const first = held();
  const running = inTurn(first.task);
  const waiting = inTurn(() => Promise.resolve('second'));
  const outcomes = Promise.allSettled([running, waiting]);
  // The clock has to have moved on from when they came.
  await new Promise((resolve) => setTimeout(resolve, 5));
  first.end(down);
  expect(await outcomes).toMatchObject([{ reason: down }, { reason: down }]);
  expect(await inTurn(() => Promise.resolve('later'))).toBe('later');
});

test('a failure of its own is nobody else’s', async () => {
  const inTurn = createTurns(options);
  const first = held();
  const outcomes = Promise.allSettled([inTurn(first.task), inTurn(() => Promise.resolve(2))]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  first.end(new Error('own'));
  expect(await outcomes).toMatchObject([{ status: 'rejected' }, { value: 2 }]);
});

/** As a gateway has them: as many as go at once, until they are let go. */
const ofGateway = async () => {
  const inTurn = createTurns({ ...STARTS, isOutage: () => false });
  const first = held();
  const going = Array.from({ length: 10 }, () => inTurn(first.task));
  // They are counted when they have begun.
  await new Promise(setImmediate);
  return { inTurn, letGo: () => (first.end(), Promise.all(going)) };
};

test('5,000 starts wait behind those that are handed over, and one more is told so at once', async () => {
  const { inTurn, letGo } = await ofGateway();
  let begun = 0;
  const waiting = Array.from({ length: 5000 }, () => inTurn(() => Promise.resolve((begun += 1))));
  await expect(inTurn(() => Promise.resolve())).rejects.toThrow(busy);
  expect(begun).toBe(0);
  await letGo();
  await Promise.all(waiting);
  expect(begun).toBe(5000);
});

test.each([
  [120_000, 'begun'],
  [120_001, 'too many'],
])('a start waits two minutes for its turn, and not longer (%i ms)', async (waited, outcome) => {
  const clock = jest.spyOn(Date, 'now').mockReturnValue(0);
  const { inTurn, letGo } = await ofGateway();
  const waiting = inTurn(() => Promise.resolve('begun')).catch((err: unknown) =>
    busy.exec(String(err)) ? 'too many' : err,
  );
  clock.mockReturnValue(waited);
  await letGo();
  expect(await waiting).toBe(outcome);
  clock.mockRestore();
});
