import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

interface Options<Part> {
  only: Part[];
  /** Another checkout of this project, which is built. */
  against: string | undefined;
  /** Where the figures go as JSON. */
  json: string | undefined;
}

/** What a checkout has once it is built. */
const BUILT = ['src/server.js', 'src/worker.js', 'workflow-bundle.js'];

const checkoutAt = (folder: string) => {
  const root = path.resolve(folder);
  const missing = BUILT.find((file) => !existsSync(path.join(root, 'dist', file)));
  if (missing === undefined) return root;
  throw new Error(
    `--against ${folder}: dist/${missing} is missing there. Name a checkout of this project, and build it (npm run build).`,
  );
};

const partsIn = <Part extends string>(text: string, parts: readonly Part[]) =>
  text.split(',').map((name) => {
    const part = parts.find((each) => each === name);
    if (part === undefined)
      throw new Error(`--only ${name}: there is no such part. There are ${parts.join(', ')}.`);
    return part;
  });

/** Reads the command line; throws with what is wrong with it. `usual` are measured unless others are named. */
export const readOptions = <Part extends string>(
  args: string[],
  { parts, usual }: { parts: readonly Part[]; usual: Part[] },
): Options<Part> => {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args, options: { only: text, against: text, json: text } });
  return {
    only: values.only === undefined ? usual : partsIn(values.only, parts),
    against: values.against === undefined ? undefined : checkoutAt(values.against),
    json: values.json,
  };
};
