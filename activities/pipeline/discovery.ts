import type { Airbyte, SourceStream } from '../../src/airbyte/workspace';
import type { Plan } from '../../src/descriptor/descriptor';
import { describeProblem, Refusal } from '../../src/contract/problems';
import type { Problem } from '../../src/contract/problems';
import {
  firstSentences,
  MAX_STREAM,
  MAX_STREAMS,
  streamsInShort,
} from '../../workflows/protocol/lengths';
import { clashesOfAll, streamProblems } from '../problems/streams';

export interface Discovery {
  sourceId: string;
  destinationId: string;
  plan: Plan['connection'];
  /** The destination's; absent in runs of older gateways. */
  connector?: string | undefined;
}

/** What a run keeps of a stream to write it: a source may have tens of thousands. */
export interface DiscoveredStream {
  name: string;
  namespace?: string;
}

/** What a run is told of a source's streams. */
export interface StreamSummary {
  count: number;
  /** The names of the first of them. */
  first: string[];
  /** All of them, where they are few and their names short: who writes them need not look again. */
  few?: DiscoveredStream[];
}

const isShort = ({ name, namespace = '' }: DiscoveredStream) =>
  name.length <= MAX_STREAM && namespace.length <= MAX_STREAM;

export const summarize = (streams: DiscoveredStream[]): StreamSummary => ({
  ...streamsInShort(streams),
  ...(streams.length <= MAX_STREAMS && streams.every(isShort) && { few: streams }),
});

const problemsIn = ({ plan, connector = '' }: Discovery, offered: SourceStream[]) => {
  const rules = { naming: plan, connector };
  return plan.streams ? streamProblems(plan.streams, offered, rules) : clashesOfAll(offered, rules);
};

/** What a source offers, and in what the wishes do not fit, after a look past Airbyte's cache. */
export const lookAtStreams = async (
  airbyte: Airbyte,
  given: Discovery,
): Promise<{ streams: SourceStream[]; problems: Problem[] }> => {
  const { sourceId, destinationId } = given;
  const ids = { sourceId, destinationId };
  const cached = await airbyte.discover(ids);
  if (cached.length > 0 && problemsIn(given, cached).length === 0)
    return { streams: cached, problems: [] };
  const streams = await airbyte.discover({ ...ids, ignoreCache: true });
  return { streams, problems: problemsIn(given, streams) };
};

const inShort = ({ name, namespace }: SourceStream): DiscoveredStream =>
  namespace === undefined ? { name } : { name, namespace };

const sentence = (problem: Problem) => describeProblem(problem).replace(/([^?])$/, '$1.');

const notOffered = (problems: Problem[]) => {
  return new Refusal(
    problems.length > 0
      ? firstSentences(problems.map(sentence)).join(' ')
      : 'The source has no streams to sync.',
    'Correct specific.connection.streams in the descriptor, or the source it reads.',
  );
};

/** The source's streams; wishes they do not fit are refused, after a look past Airbyte's cache. */
export const discoverFor = async (
  airbyte: Airbyte,
  given: Discovery,
): Promise<DiscoveredStream[]> => {
  const { streams, problems } = await lookAtStreams(airbyte, given);
  if (problems.length > 0 || streams.length === 0) throw notOffered(problems);
  return streams.map(inShort);
};
