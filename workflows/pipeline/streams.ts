import type { StreamSummary } from '../../activities/pipeline/discovery';
import type { Plan } from '../../src/descriptor/descriptor';
import { listed } from '../run/limits';

/** Names that a log or a result gives, and characters of each. */
const MAX_LOGGED = 50;
const MAX_NAME = 100;

interface Named {
  name: string;
}

const cut = (name: string) => Array.from(name).slice(0, MAX_NAME).join('');

const inShort = (streams: Named[]): StreamSummary => ({
  count: streams.length,
  first: streams.slice(0, MAX_LOGGED).map(({ name }) => cut(name)),
});

/** The names of a connection's streams, of which it may have thousands: the first, and how many more. */
export const streamNames = (
  { connection: { streams } }: { connection: Pick<Plan['connection'], 'streams'> },
  discovered: StreamSummary | Named[],
): string => {
  const all = streams ?? discovered;
  const { count, first } = Array.isArray(all) ? inShort(all) : all;
  return listed(first, count);
};
