import type { ErrorCode } from 'yaml';

/** What is wrong with a text that is no YAML, by the code that the library gives it: its own words reach nobody. */
const WORDS: Partial<Record<ErrorCode, string>> = {
  ALIAS_PROPS: 'an alias (*) must have no anchor or tag of its own',
  BAD_ALIAS: 'an alias (*) or anchor (&) must not end in a colon',
  BAD_DIRECTIVE: 'a line that begins with % is not understood',
  BAD_DQ_ESCAPE: 'a text in double quotes has a backslash that means nothing',
  BAD_INDENT: 'the indentation does not fit what stands above, or a bracket or brace is not closed',
  BAD_PROP_ORDER: 'an anchor (&) or tag (!) stands in the wrong place',
  BAD_SCALAR_START: 'a text begins with a character that must be in quotes',
  BLOCK_AS_IMPLICIT_KEY:
    'a map or a list cannot begin in this line; a text with a colon must be in quotes',
  BLOCK_IN_FLOW:
    'within brackets or braces there can be no lines that are indented as lists or maps',
  KEY_OVER_1024_CHARS: 'a key has more than 1,024 characters',
  MISSING_CHAR: 'a quote, colon, comma, bracket or space is missing',
  MULTILINE_IMPLICIT_KEY: 'a key goes on in the next line; a colon or a quote is missing',
  MULTIPLE_ANCHORS: 'a value has more than one anchor (&)',
  MULTIPLE_DOCS: 'it has more than one document; keep what stands before the second ---',
  MULTIPLE_TAGS: 'a value has more than one tag (!)',
  NON_STRING_KEY: 'a key must be text',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'a tag (!) does not fit its value',
};

export const wordsForYaml = (code: ErrorCode) => WORDS[code] ?? 'this cannot stand here';
