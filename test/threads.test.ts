import path from 'node:path';
import { RequestError, SystemProblem } from '../src/contract/problems';
import { THREADS } from '../src/gateway/reading-pool';
import { LASTING } from '../src/concurrency/interest';
import type { Load, ObserveLoad } from '../src/concurrency/load';
import { createThreads } from '../src/concurrency/threads';

const MINUTE = 60_000;

interface Order {
  order: 'echo' | 'hang' | 'break' | 'fill' | 'wait' | 'mark';
  gate?: Int32Array;
}

const file = path.join(__dirname, 'fixtures', 'thread.mjs');
const threadsWith = (
  limits: {
    deadline?: number;
    memory?: number;
    maxWaiting?: number;
    observe?: ObserveLoad;
  } = {},
) =>
  createThreads<Order, string>({
    file,
    atOnce: 2,
    largeAtOnce: 1,
    maxWaiting: 100,
    deadline: MINUTE,
    memory: 64,
    ...limits,
  });

const small = { isLarge: false, interest: LASTING };
const large = { isLarge: true, interest: LASTING };

test.each<[string, Order['order'], { deadline?: number }, string]>([
  ['takes too long', 'hang', { deadline: 3000 }, 'body: takes longer than 3 s to read'],
  ['takes too much memory', 'fill', {}, 'body: takes more than 64 MiB of memory to read'],
])('a task that %s is refused, and others are done', async (_what, order, limits, problem) => {
  const threads = threadsWith(limits);
  await expect(threads.run({ order: 'echo' }, small)).resolves.toBe('echo done');
  const refused: unknown = await threads.run({ order }, small).catch((err: unknown) => err);
  expect(refused).toBeInstanceOf(RequestError);
  expect(String(refused)).toBe(`RequestError: ${problem}`);
  await expect(threads.run({ order: 'echo' }, small)).resolves.toBe('echo done');
});

test('a thread that breaks fails its task alone', async () => {
  const threads = threadsWith();
  const both = [threads.run({ order: 'break' }, small), threads.run({ order: 'echo' }, small)];
  await expect(both[0]).rejects.toThrow('broken on order');
  await expect(both[1]).resolves.toBe('echo done');
  await expect(threads.run({ order: 'echo' }, small)).resolves.toBe('echo done');
});

test('small tasks get through between large ones, and what is too many waits for nothing', async () => {
  const threads = threadsWith({ maxWaiting: 2 });
  const gate = new Int32Array(new SharedArrayBuffer(4));
  let done = 0;
  const first = threads.run({ order: 'wait', gate }, large);
  const second = threads.run({ order: 'echo' }, large).finally(() => {
    done += 1;
  });
  await expect(threads.run({ order: 'echo' }, small)).resolves.toBe('echo done');
  expect(done).toBe(0);
  const third = threads.run({ order: 'echo' }, large);
  await expect(threads.run({ order: 'echo' }, large)).rejects.toThrow(SystemProblem);
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  await expect(Promise.all([first, second, third])).resolves.toEqual([
    'wait done',
    'echo done',
    'echo done',
  ]);
});

test('threads tell how many of them work, and how many tasks wait, whoever leaves', async () => {
  const loads: Load[] = [];
  const threads = threadsWith({ observe: (load) => loads.push(load) });
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const first = threads.run({ order: 'wait', gate }, large);
  const over = new AbortController();
  const leaving = { ...large, interest: { ...LASTING, cancelled: over.signal } };
  const second = threads.run({ order: 'echo' }, leaving);
  expect(loads.at(-1)).toEqual({ busy: 1, waiting: 1 });
  over.abort();
  await expect(second).rejects.toThrow(SystemProblem);
  expect(loads.at(-1)).toEqual({ busy: 1, waiting: 0 });
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  await first;
  expect(loads.at(-1)).toEqual({ busy: 0, waiting: 0 });
});

/** As a gateway has them: one large task that goes on until it is let go. */
const ofGateway = () => {
  const threads = createThreads<Order, string>({ ...THREADS, file });
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const held = threads.run({ order: 'wait', gate }, large);
  const letGo = async () => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await held;
  };
  return { threads, letGo };
};

test('5,000 bodies wait for their thread, and one more is told so at once', async () => {
  const { threads, letGo } = ofGateway();
  const waiting = Array.from({ length: 5000 }, () => threads.run({ order: 'echo' }, large));
  await expect(threads.run({ order: 'echo' }, large)).rejects.toThrow(SystemProblem);
  await letGo();
  expect(new Set(await Promise.all(waiting))).toEqual(new Set(['echo done']));
});

test.each(['cancelled', 'timeUp'] as const)(
  'a task that waits when the interest in it ends (%s) is not begun',
  async (how) => {
    const threads = threadsWith({ maxWaiting: 1 });
    const gate = new Int32Array(new SharedArrayBuffer(4));
    const marks = new Int32Array(new SharedArrayBuffer(4));
    const busy = [1, 2].map(() => threads.run({ order: 'wait', gate }, small));
    const over = new AbortController();
    const given = { ...small, interest: { ...LASTING, [how]: over.signal } };
    const late = threads.run({ order: 'mark', gate: marks }, given);
    over.abort();
    await expect(late).rejects.toThrow(SystemProblem);
    // Its place is free for the next.
    const next = threads.run({ order: 'echo' }, small);
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await Promise.all(busy);
    await expect(next).resolves.toBe('echo done');
    await expect(threads.run({ order: 'mark', gate: marks }, given)).rejects.toThrow(SystemProblem);
    await Promise.all([1, 2].map(() => threads.run({ order: 'echo' }, small)));
    expect(marks[0]).toBe(0);
  },
);
