import { syntaxError, wrongCount } from './problems';
import { placeOf, type Token, tokensOf } from './tokens';

/** Reads a statement from left to right; what does not fit is a syntax error. */
export const createReader = (sql: string) => {
  const tokens = tokensOf(sql);
  let at = 0;
  let binds = 0;
  const peek = (ahead = 0): Token => {
    const token = tokens[Math.min(at + ahead, tokens.length - 1)];
    if (!token) throw new Error('A statement has an end.');
    return token;
  };
  const fail = (): never => {
    throw syntaxError(placeOf(sql, peek().index), peek().written);
  };
  const is = (wanted: string, { kind, value }: Token) =>
    (kind === 'word' && value.toUpperCase() === wanted) || (kind === 'symbol' && value === wanted);
  const isNext = (...words: string[]) => words.every((word, ahead) => is(word, peek(ahead)));
  /** Words in upper case, or symbols; takes all of them or none. */
  const took = (...words: string[]) => {
    if (!isNext(...words)) return false;
    at += words.length;
    return true;
  };
  const expect = (...words: string[]) => {
    for (const word of words) if (!took(word)) fail();
  };
  const value = (kind: Token['kind']): string => {
    const token = peek();
    if (token.kind !== kind) return fail();
    at += 1;
    return token.value;
  };
  const reader = {
    isNext,
    took,
    expect,
    fail,
    kindNext: () => peek().kind,
    /** A name without quotes is in upper case. */
    name: (): string => (peek().kind === 'word' ? value('word').toUpperCase() : value('name')),
    /** `"D"."S"`: as many parts as there are, `most` at most. */
    path: (most: number): string[] => {
      const parts = [reader.name()];
      while (parts.length < most && took('.')) parts.push(reader.name());
      return parts;
    },
    text: () => value('text'),
    number: () => value('number'),
    /** The position of a `?`, from 1. */
    bind: () => {
      expect('?');
      binds += 1;
      return binds;
    },
    /** One of these, each several words. */
    oneOf: <Choice extends string>(choices: readonly Choice[]): Choice =>
      choices.find((choice) => took(...choice.split(' '))) ?? fail(),
    list: <Item>(item: () => Item): Item[] => {
      const items = [item()];
      while (took(',')) items.push(item());
      return items;
    },
    end: () => {
      if (took(';') && peek().kind !== 'end') throw wrongCount(2, 1);
      if (peek().kind !== 'end') fail();
    },
  };
  return reader;
};
export type Reader = ReturnType<typeof createReader>;
