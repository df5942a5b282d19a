import type { Thing } from '../../src/fabrics/fabric';

/* What a component has in a fabric, as lists of entities show it. */

/** What stands in one line of a list: grants are many, and told together. */
export interface Line {
  kind: Thing['kind'];
  name: string;
  /** Of several grants: which. */
  each?: string[];
}

const grantLine = (grants: Pick<Thing, 'what'>[]): Line[] => {
  const [first, ...others] = grants.map(({ what }) => what);
  if (first === undefined) return [];
  if (others.length === 0) return [{ kind: 'grant', name: first }];
  return [{ kind: 'grant', name: `${String(grants.length)} grants`, each: [first, ...others] }];
};

/** In the order that they are in; the grants last. */
export const linesOf = (things: readonly Pick<Thing, 'kind' | 'name' | 'what'>[]): Line[] => [
  ...things
    .filter(({ kind }) => kind !== 'grant')
    .map(({ kind, name, what }) => ({ kind, name: name ?? what })),
  ...grantLine(things.filter(({ kind }) => kind === 'grant')),
];
