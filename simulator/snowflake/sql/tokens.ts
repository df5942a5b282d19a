import { syntaxError } from './problems';

/** `word` is without quotes, `name` in double, `text` in single ones; `value` is what stands between them. */
export interface Token {
  kind: 'word' | 'name' | 'text' | 'number' | 'symbol' | 'end';
  value: string;
  /** As it was written. */
  written: string;
  /** Where it begins, in characters of the statement. */
  index: number;
}

/** Characters of an identifier. */
const MAX_IDENTIFIER = 255;

const SKIPPED = /(?:[ \t\r\n]|--[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const FORMS: [kind: Token['kind'], form: RegExp][] = [
  ['word', /[A-Za-z_][A-Za-z0-9_$]*/y],
  ['name', /"(?:[^"\0]|"")+"/y],
  ['text', /'(?:[^'\\]|''|\\[\s\S])*'/y],
  ['number', /\d+(?:\.\d+)?/y],
  ['symbol', /[().,=*;?-]/y],
];

const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', 0: '\0' };

/** A backslash before any other character is dropped: a pattern's own must be written twice. */
const textIn = (written: string) =>
  written
    .slice(1, -1)
    .replaceAll(/''|\\([\s\S])/g, (_all, escaped?: string) =>
      escaped === undefined ? "'" : (ESCAPES[escaped] ?? escaped),
    );

const valueOf = (kind: Token['kind'], written: string) => {
  if (kind === 'name') return written.slice(1, -1).replaceAll('""', '"');
  return kind === 'text' ? textIn(written) : written;
};

const matchAt = (form: RegExp, sql: string, index: number) => {
  form.lastIndex = index;
  return form.exec(sql)?.[0];
};

/** As messages name a place: lines from 1, positions from 0. */
export const placeOf = (sql: string, index: number) => {
  const before = sql.slice(0, index).split('\n');
  return { line: before.length, position: before.at(-1)?.length ?? 0 };
};

/** The last token is of the kind `end`. */
export const tokensOf = (sql: string): Token[] => {
  const tokens: Token[] = [];
  let index = 0;
  for (;;) {
    index += matchAt(SKIPPED, sql, index)?.length ?? 0;
    const at = index;
    if (at >= sql.length) {
      tokens.push({ kind: 'end', value: '', written: '<EOF>', index: at });
      return tokens;
    }
    const found = FORMS.map(([kind, form]) => ({ kind, written: matchAt(form, sql, at) })).find(
      ({ written }) => written !== undefined,
    );
    if (found?.written === undefined) throw syntaxError(placeOf(sql, at), sql.charAt(at));
    const value = valueOf(found.kind, found.written);
    if (found.kind !== 'text' && Array.from(value).length > MAX_IDENTIFIER)
      throw syntaxError(placeOf(sql, at), `${value.slice(0, 20)}…`);
    tokens.push({ kind: found.kind, value, written: found.written, index: at });
    index += found.written.length;
  }
};
