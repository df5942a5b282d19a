/** Characters of a name in Airbyte's database (airbyte-platform, tables actor and connection). */
export const MAX_COLUMN = 256;
/** Characters of a workflow id, and of a keyword attribute, in Temporal's on PostgreSQL. */
export const MAX_ID = 255;

/** Bytes of the line that Temporal's UI has for a run (limit.userMetadataSummarySize). */
const MAX_SUMMARY = 400;

/** As much of a text as Temporal takes for a summary, no character of it cut in half. */
export const asSummary = (text: string) =>
  text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(MAX_SUMMARY)).read);

/** As databases count: an emoji is one character, where JavaScript counts two. */
export const lengthOf = (text: string) => Array.from(text).length;

export const isWithin = (text: string, most: number) =>
  text.length <= most || lengthOf(text) <= most;

/** The first characters of a text, none of them cut in half. */
export const cut = (text: string, most: number) =>
  isWithin(text, most) ? text : Array.from(text).slice(0, Math.max(0, most)).join('');

/** At most so many of JavaScript's characters; where some are left out the last one is `…`. */
export const shortened = (text: string, most: number) =>
  text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;

/** Names, problems, or people, that are told of many: a source may have thousands of streams, of columns. */
export const MAX_NAMED = 20;

/** Places of its data that are remembered of one component, and fields of each, with characters of a value. */
export const MAX_PLACES = 10;
export const MAX_PLACE_FIELDS = 10;
export const MAX_PLACE_VALUE = 255;

export const andMore = (count: number) => `and ${String(count)} more`;

/** The first of them, and how many more there are. */
export const firstFew = (all: readonly string[], most = MAX_NAMED): string[] =>
  all.length <= most ? [...all] : [...all.slice(0, most), andMore(all.length - most)];

/** The same for what are sentences, or lines of a log. */
export const firstSentences = (all: readonly string[], most = MAX_NAMED): string[] => {
  const more = all.length - most;
  return more > 0
    ? [...all.slice(0, most), `There are ${String(more)} more of the kind.`]
    : [...all];
};

/** Components that a report of an adoption lists: it goes through Temporal, where a payload may have 2 MB. */
export const MAX_REPORTED = 200;

/** Names of streams that a log or a result gives, and characters of each. */
export const MAX_STREAMS = 50;
export const MAX_STREAM = 100;

/** How many streams there are, and the names of the first of them. */
export const streamsInShort = (streams: { name: string }[]) => ({
  count: streams.length,
  first: streams.slice(0, MAX_STREAMS).map(({ name }) => cut(name, MAX_STREAM)),
});

export const lengthProblem = (text: string, most: number, whose: string) =>
  `must not be longer than ${String(most)} characters, as ${whose} holds no more: it has ${String(lengthOf(text))}`;
