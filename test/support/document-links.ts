/* Where the documents point to. */

const FENCED = /^( *)```[\s\S]*?^\1```/gm;
const prose = (document: string) => document.replaceAll(FENCED, '');

/** Targets of links and images inside this repository, as they are written. */
export const linksIn = (document: string): string[] =>
  [...prose(document).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

const FOLDERS =
  'src|workflows|activities|simulator|test|scripts|bench|chaos|chart|kit|docs|examples|ops';

/** Files and folders of this repository in backticks; those with a placeholder or a star are none. */
export const pathsIn = (document: string): string[] =>
  [...prose(document).matchAll(new RegExp(`\`((?:${FOLDERS})/[\\w./-]*)\``, 'g'))].map(
    ([, found = '']) => found,
  );

/** The anchors of a document's headings, as GitHub makes them. */
export const slugsIn = (document: string): ReadonlySet<string> =>
  new Set(
    [...prose(document).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(/\s/g, '-'),
    ),
  );

/** The bodies that commands of a document send as faults to the simulator. */
export const faultsIn = (document: string): string[] =>
  [...document.matchAll(/\/faults(?: \\\n)?\s+-d '([^']+)'/g)].map(([, body = '']) => body);
