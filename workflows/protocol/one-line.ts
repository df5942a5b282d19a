/*
 * Texts of others, such as Airbyte's messages and the names in it, stand in lines of ours and on
 * terminals: they must neither begin a line of their own nor say how what follows them is shown.
 */

/** Line breaks and tabs. */
const BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
/** C0 and C1, with the escape that commands of terminals begin with; and what turns text around. */
const CONTROLS = /[\p{Cc}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/gu;

/** The same, and breaks. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061C\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/gu;

/** In one line; a � stands for each character that is no text. */
export const inOneLine = (text: string) =>
  text.replaceAll(BREAKS, ' ').replaceAll(CONTROLS, '\uFFFD');

/** Words of others at the end of a sentence of ours, which has its own period. */
export const withoutStop = (text: string) => text.replace(/[.\s]+$/, '');

const escaped = (character: string) =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** A name that somebody has chosen, in which what cannot be seen, or would turn its line around, is to be read. */
export const readable = (name: string) => name.replaceAll(UNSEEN, escaped);

/** With its lines; what is no text is written as JSON has it, so that JSON stays what it is. */
export const forTerminal = (text: string) =>
  text.replaceAll(CONTROLS, (each) => (each === '\n' ? each : escaped(each)));
