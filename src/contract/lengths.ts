/** Characters of a name in Airbyte's database (airbyte-platform, tables actor and connection). */
export const MAX_COLUMN = 256;
/** Characters of a workflow id, and of a keyword attribute, in Temporal's on PostgreSQL. */
export const MAX_ID = 255;

/** As databases count: an emoji is one character, where JavaScript counts two. */
export const lengthOf = (text: string) => Array.from(text).length;

export const isWithin = (text: string, most: number) =>
  text.length <= most || lengthOf(text) <= most;

/** The first characters of a text, none of them cut in half. */
export const cut = (text: string, most: number) =>
  isWithin(text, most) ? text : Array.from(text).slice(0, Math.max(0, most)).join('');

export const lengthProblem = (text: string, most: number, whose: string) =>
  `must not be longer than ${String(most)} characters, as ${whose} holds no more: it has ${String(lengthOf(text))}`;
