import { sqlError, syntaxError } from './errors';

export interface Token {
  kind: 'word' | 'quoted' | 'text' | 'number' | 'marker' | 'sign' | 'end';
  /** Without its quotes; a word as it is written. */
  value: string;
  /** As it is written. */
  raw: string;
  line: number;
  position: number;
}

const ESCAPES: Record<string, string> = { n: '\n', t: '\t', r: '\r', 0: '\0', b: '\b' };

/** Two quotes are one, and a backslash makes the next sign plain. */
const textOf = (raw: string) => {
  const quote = raw.charAt(0);
  return raw
    .slice(1, -1)
    .replaceAll(quote + quote, quote)
    .replace(/\\([\s\S])/g, (_all, sign: string) => ESCAPES[sign] ?? sign);
};

const plain = (raw: string) => raw;

const PATTERNS: [Token['kind'] | 'space', RegExp, (raw: string) => string][] = [
  ['space', /\s+|--[^\n]*|\/\*[\s\S]*?\*\//y, plain],
  ['quoted', /`(?:[^`]|``)+`/y, (raw) => raw.slice(1, -1).replaceAll('``', '`')],
  ['text', /'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"/y, textOf],
  ['number', /\d+(?:\.\d+)?(?![\w])/y, plain],
  ['word', /\w+(?:-\w+)*/y, plain],
  ['marker', /:[A-Za-z_]\w*/y, (raw) => raw.slice(1)],
  ['sign', /<=|>=|<>|[().,*=+\-/;<>]/y, plain],
];

const matchAt = (sql: string, at: number) => {
  for (const [kind, pattern, value] of PATTERNS) {
    pattern.lastIndex = at;
    const [raw] = pattern.exec(sql) ?? [];
    if (raw !== undefined) return { kind, raw, value: value(raw) };
  }
  return undefined;
};

const placeOf = (sql: string, at: number) => {
  const before = sql.slice(0, at).split('\n');
  return { line: before.length, position: before.at(-1)?.length ?? 0 };
};

const checkWord = (raw: string) => {
  if (raw.includes('-'))
    throw sqlError(
      'INVALID_IDENTIFIER',
      '42602',
      `The unquoted identifier ${raw} is invalid and must be back quoted as: \`${raw}\`.`,
    );
};

/** A statement in pieces, the last of them its end. */
export const tokensOf = (sql: string): Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const found = matchAt(sql, at);
    const { line, position } = placeOf(sql, at);
    if (!found) throw syntaxError(`'${sql.charAt(at)}'`, line, position);
    const { kind, raw, value } = found;
    if (kind === 'word') checkWord(raw);
    if (kind !== 'space') tokens.push({ kind, value, raw, line, position });
    at += raw.length;
  }
  return [...tokens, { kind: 'end', value: '', raw: 'end of input', ...placeOf(sql, at) }];
};
