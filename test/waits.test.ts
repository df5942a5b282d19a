import { adoptable } from '../activities/unclear-answers';
import { Waiting, nextLook } from '../activities/waiting';
import { TO_CHANGE, TO_READ, repeatedly } from '../src/temporal/calls';

afterEach(() => jest.restoreAllMocks());

/** Chance that makes a wait as long as it can be. */
const unlucky = () => jest.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);

test('looks are half a minute apart at most', () => {
  unlucky();
  expect([59_000, 60_000, 86_400_000].map(nextLook)).toEqual([29_500, 30_000, 30_000]);
});

test('looks for what may still come about are five seconds apart at most', async () => {
  jest.spyOn(Date, 'now').mockReturnValue(0);
  const delayWith = async (settlesAt: number) => {
    const look = adoptable(() => Promise.resolve(undefined), { settlesAt });
    const waiting: unknown = await look.catch((err: unknown) => err);
    return waiting instanceof Waiting && waiting.delay;
  };
  const delays = [await delayWith(19_996), await delayWith(20_000), await delayWith(60_000)];
  expect(delays).toEqual([4999, 5000, 5000]);
});

const away = Object.assign(new Error('away'), { code: 14, details: 'away', metadata: {} });

/** A Temporal that is away; each of its tries takes all the time that it has, but for `early` ms. */
const triesOf = async (patience: typeof TO_CHANGE, early: number) => {
  let now = 0;
  jest.spyOn(Date, 'now').mockImplementation(() => now);
  jest.spyOn(Math, 'random').mockReturnValue(0);
  const tries: number[] = [];
  const client = {
    withDeadline: (deadline: number | Date) => {
      tries.push(Number(deadline) - now);
      now = Number(deadline) - early;
      return Promise.reject(away);
    },
  };
  await expect(repeatedly(client, patience, () => Promise.resolve())).rejects.toBe(away);
  return tries;
};

test.each([
  [
    'what changes something is tried for 4 s each and 18 s in all',
    TO_CHANGE,
    [4000, 4000, 4000, 4000, 2000],
  ],
  ['what only reads is tried for 3 s each and 8 s in all', TO_READ, [3000, 3000, 2000]],
])('%s', async (_what, patience, tries) => {
  expect(await triesOf(patience, 0)).toEqual(tries);
});
