import { sqlError, syntaxError } from './errors';
import { type Token, tokensOf } from './lexer';

/** The values of the request's parameters by their names; null is NULL. */
export type Parameters = Map<string, { type: string; value: string | null }>;

export interface Cursor {
  peek: () => Token;
  next: () => Token;
  /** Whether the next ones are these words or signs; they are taken if so. */
  takes: (...words: string[]) => boolean;
  expect: (...words: string[]) => void;
  text: () => string;
  /** `a.b.c`, quoted or not, or IDENTIFIER(:marker). */
  name: () => string[];
  identifier: () => string;
  parameter: (marker: string) => { type: string; value: string | null };
  fail: () => never;
}

const END: Token = { kind: 'end', value: '', raw: 'end of input', line: 1, position: 0 };

const is = (token: Token | undefined, word: string) =>
  token !== undefined &&
  (token.kind === 'word' || token.kind === 'sign') &&
  token.value.toUpperCase() === word;

/** What of a name in a text: IDENTIFIER('main.sales'). */
const nameIn = (text: string): string[] => {
  const inner = cursorOf(text, new Map());
  const parts = inner.name();
  if (inner.peek().kind !== 'end') inner.fail();
  return parts;
};

/** Reads a statement from its start to its end. */
export const cursorOf = (sql: string, parameters: Parameters): Cursor => {
  const tokens = tokensOf(sql);
  let at = 0;
  const peek = () => tokens[at] ?? END;
  const next = () => {
    const token = peek();
    at += 1;
    return token;
  };
  const fail = (): never => {
    const { kind, raw, line, position } = peek();
    throw syntaxError(kind === 'end' ? raw : `'${raw}'`, line, position);
  };
  const takes = (...words: string[]) => {
    if (!words.every((word, index) => is(tokens[at + index], word))) return false;
    at += words.length;
    return true;
  };
  const expect = (...words: string[]) => {
    for (const word of words) if (!takes(word)) fail();
  };
  const parameter = (marker: string) => {
    const found = parameters.get(marker);
    if (found) return found;
    throw sqlError(
      'UNBOUND_SQL_PARAMETER',
      '42P02',
      `Found the unbound parameter: ${marker}. Please, fix \`args\` and provide a mapping of the parameter to a SQL literal.`,
    );
  };
  const text = () => {
    if (peek().kind === 'marker') return parameter(next().value).value ?? '';
    return peek().kind === 'text' ? next().value : fail();
  };
  const identifier = () => {
    const { kind } = peek();
    return kind === 'word' || kind === 'quoted' ? next().value : fail();
  };
  const name = (): string[] => {
    if (takes('IDENTIFIER', '(')) {
      const parts = nameIn(text());
      expect(')');
      return parts;
    }
    const parts = [identifier()];
    while (takes('.')) parts.push(identifier());
    return parts;
  };
  return { peek, next, takes, expect, text, name, identifier, parameter, fail };
};
