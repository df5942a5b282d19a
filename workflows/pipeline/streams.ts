import type { StreamSummary } from '../../activities/pipeline/discovery';
import type { Plan } from '../../src/descriptor/descriptor';
import { asNames } from '../run/limits';
import { streamsInShort } from '../words/lengths';

/** The names of a connection's streams, of which it may have thousands: the first, and how many more. */
export const streamNames = (
  { connection: { streams } }: { connection: Pick<Plan['connection'], 'streams'> },
  discovered: StreamSummary | { name: string }[],
): string => {
  const all = streams ?? discovered;
  const { count, first } = Array.isArray(all) ? streamsInShort(all) : all;
  return asNames(first, count);
};
