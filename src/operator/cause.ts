import { shortened } from '../../workflows/protocol/lengths';

/* What problems of several runs have in common: names, ids and numbers differ where the cause is one. */

const MAX_CAUSE = 100;

/** `<domain>.<product>.<major>.<component>`, with or without its environment. */
const COMPONENT = /(?:[\w.-]+\/)?\b[a-z0-9_-]+\.[a-z0-9_-]+\.\d+\.[a-z0-9_-]+/gi;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;
/** How a message tells how often it was tried, which differs too. */
const TRIED = / \(tried \d+ times\)/g;
/** Neither the status that Airbyte answers with nor how long something has to last. */
const NUMBER = /(?<!\banswered )\b\d+\b(?! (?:seconds?|minutes?|hours?|days?|[KM]iB)\b)/g;

/** What is Airbyte's as a whole, whatever it was asked for; also as a data product tells it of a component. */
const OUTAGES = [
  /^Airbyte answered (?:401|403|429|5\d\d)\b/,
  /^Airbyte (?:gave|had given) no answer\b/,
  /^Airbyte could not be reached or hung up \([^)]*\)/,
  /^Other calls to Airbyte were in front\b/,
];

/** What messages name without quotes, and whatever comes behind it. */
const UNQUOTED: [RegExp, string][] = [
  [/(?<=\bhas no stream ).*/s, '…'],
  [/(?<=: the source has no ).* in .*/s, '… in …'],
  [/(?<=: is required: ).* is in .*/s, '… is in …'],
  [/(?<=\bdo not offer it for ).*/s, '…'],
  [/(?<=: ).* has no column .*/s, '… has no column …'],
  [/(?<=\bremove it, or write ).*/s, '…'],
  [/(?<=: must have ).*(?=: \S+ goes by it)/s, '…'],
  [/(?<=: ).* (is chosen twice|would write to the same table as)\b.*/s, '… $1 …'],
  [/(?<=: (?:is about|would make) ).*/s, '…'],
  [/(?<=[;:] (?:it has|it is in|did you mean) ).*/s, '…'],
  [/(?<=\bTags were deleted meanwhile: |\ba workspace, has )\d*.*/s, '…'],
  [/(?<=\bdoes not have, on |\bwould take away: |\bin its place would lack: ).*/s, '…'],
  [/(?<=^The step \w+) \(.*\)(?= (?:never|was|did)\b)/s, ''],
  [/(?<=^The (?:run|workflow) )\S+\.\S+/, '…'],
];

/** A data product's run names the component whose problem it is. */
const OF_COMPONENT = /^(?:…|[\w.-]+\/…): /;

export const causeOf = (why: string) => {
  const named = why
    .replaceAll(/"[^"]*"/g, '"…"')
    .replaceAll(UUID, '…')
    .replaceAll(COMPONENT, '…')
    .replaceAll(TRIED, '')
    .replace(OF_COMPONENT, '');
  const outage = OUTAGES.map((each) => each.exec(named)?.[0]).find((found) => found !== undefined);
  if (outage !== undefined) return outage;
  const told = UNQUOTED.reduce((text, [what, instead]) => text.replace(what, instead), named);
  return shortened(told.replaceAll(NUMBER, '…'), MAX_CAUSE);
};
