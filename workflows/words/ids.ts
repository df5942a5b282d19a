/* How ids in Temporal are put together, by the runs and by who looks for them. */

/** An id that no other deployment uses (src/contract/ids.ts); the default one has ids without an end. */
export const idIn = (deployment: string | undefined, ...parts: string[]) =>
  [...parts, ...(deployment === undefined ? [] : [deployment])].join('.');

/** A component's key in the form it has in tokens and other ids of workflows. */
export const inToken = (componentKey: string) => componentKey.replace('/', '.');

/** The key again: what has that form ends with the four names of a component. */
export const fromToken = (component: string) =>
  component.replace(/\.((?:[^.]+\.){3}[^.]+)$/, '/$1');
