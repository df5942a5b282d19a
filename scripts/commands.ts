import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './child';

/* The commands that documents tell people to type, so that tests can type them. */

/** The blocks of shell in a text, in the order in which they stand. */
export const shellBlocks = (text: string): string[] =>
  [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);

/** The first block of a section of a document, such as `### Put it back`. */
export const commandsOf = (document: string, heading: string): string => {
  const text = readFileSync(path.join(ROOT, 'docs', document), 'utf8');
  const [, section = ''] = text.split(`\n${heading}\n`);
  const [block] = shellBlocks(section.split(/^##+ /m)[0] ?? '');
  if (block) return block;
  throw new Error(`docs/${document} has no commands under "${heading}".`);
};
