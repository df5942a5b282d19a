import { existsSync } from 'node:fs';
import path from 'node:path';
import { Command, InvalidArgumentError } from 'commander';

interface Options<Part> {
  only: Part[];
  /** Another checkout of this project, which is built. */
  against: string | undefined;
  /** Variables of a further side, which is ours otherwise. */
  variables: Record<string, string>;
  /** Where the figures go as JSON. */
  json: string | undefined;
}

/** What a checkout has once it is built. */
const BUILT = ['src/server.js', 'src/worker.js', 'workflow-bundle.js'];

const checkoutAt = (folder: string) => {
  const root = path.resolve(folder);
  const missing = BUILT.find((file) => !existsSync(path.join(root, 'dist', file)));
  if (missing === undefined) return root;
  throw new InvalidArgumentError(
    `--against ${folder}: dist/${missing} is missing there. Name a checkout of this project, and build it (npm run build).`,
  );
};

const withVariable = (text: string, former: Record<string, string> = {}) => {
  const [, name, value = ''] = /^([A-Z_0-9]+)=(.*)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError(`--with ${text}: it takes NAME=VALUE.`);
  return { ...former, [name]: value };
};

const partsIn = <Part extends string>(text: string, parts: readonly Part[]) =>
  text.split(',').map((name) => {
    const part = parts.find((each) => each === name);
    if (part === undefined)
      throw new InvalidArgumentError(
        `--only ${name}: there is no such part. There are ${parts.join(', ')}.`,
      );
    return part;
  });

/** Reads the command line; throws when it has said what is wrong with it. `usual` are measured unless others are named. */
export const readOptions = <Part extends string>(
  args: string[],
  { parts, usual }: { parts: readonly Part[]; usual: Part[] },
): Options<Part> => {
  const command = new Command('npm run bench --')
    .description('Measures the start of runs, provisions, validation and refusals.')
    .option('--only <parts>', `of ${parts.join(', ')}, separated by commas`, (text: string) =>
      partsIn(text, parts),
    )
    .option('--against <folder>', 'another checkout of this project, which is built', checkoutAt)
    .option('--with <variable>', 'NAME=VALUE of a further side; may be repeated', withVariable)
    .option('--json <file>', 'where the figures go, too')
    .exitOverride()
    .parse(args, { from: 'user' });
  const { only = usual, against, json } = command.opts<Partial<Options<Part>>>();
  const { with: variables = {} } = command.opts<{ with?: Record<string, string> }>();
  return { only, against, variables, json };
};
