import { z } from 'zod';
import type { Engine } from './engine';
import { BASE, OURS, STAND_IN_NAMES } from './images';

/* What our image has to be. */

/** Megabytes, 10^6, that our image adds to Debian. */
const MOST_ADDED = 290;

const Inspected = z.object({
  Size: z.number(),
  Config: z.object({
    User: z.string(),
    Healthcheck: z.object({ Test: z.array(z.string()) }).optional(),
  }),
});

const Bill = z.object({
  bomFormat: z.literal('CycloneDX'),
  components: z.array(z.object({ name: z.string(), version: z.string() })),
});

const Packages = z.object({
  dependencies: z.record(z.string(), z.string()),
  devDependencies: z.record(z.string(), z.string()),
});

const inspect = async ({ docker }: Engine, image: string) =>
  Inspected.parse(JSON.parse(await docker('image', 'inspect', '--format', '{{ json . }}', image)));

const megabytes = (size: number) => Math.round(size / 1e6);

/** Megabytes of each image, the layers it shares with others included. */
export const sizes = async (engine: Engine): Promise<[image: string, size: number][]> => {
  const found: [string, number][] = [];
  for (const image of [OURS, ...STAND_IN_NAMES])
    found.push([image, megabytes((await inspect(engine, image)).Size)]);
  return found;
};

/** Runs a program in the image as Compose does: read-only, with no capability and no network. */
const inImage = ({ docker }: Engine, ...command: string[]) =>
  docker('run', '--rm', '--read-only', '--network', 'none', '--cap-drop', 'ALL', OURS, ...command);

const nameIn = (location: string) => location.replace(/^.*node_modules\//, '');

const contentProblems = async (engine: Engine) => {
  const bill = Bill.parse(JSON.parse(await inImage(engine, 'cat', 'sbom.json')));
  const wanted = Packages.parse(JSON.parse(await inImage(engine, 'cat', 'package.json')));
  const listed = new Set(bill.components.map(({ name }) => name));
  const manifests = await inImage(
    engine,
    'find',
    'node_modules',
    '-path',
    '*/node_modules/*/package.json',
    '-o',
    '-name',
    'index.node',
  );
  const natives = manifests.split('\n').filter((file) => file.endsWith('index.node'));
  const there = new Set((await inImage(engine, 'ls', 'node_modules')).split('\n').map(nameIn));
  return [
    ...Object.keys(wanted.dependencies)
      .filter((name) => !listed.has(name))
      .map((name) => `sbom.json does not list ${name}`),
    ...Object.keys(wanted.devDependencies)
      .filter((name) => there.has(name) || (listed.has(name) && !(name in wanted.dependencies)))
      .map((name) => `it has ${name}, which is for developing`),
    ...(natives.length === 1 ? [] : [`it has ${String(natives.length)} native parts`]),
  ];
};

/** What the image is not as it should be, and what it adds to Debian, in megabytes. */
export const checkImage = async (engine: Engine) => {
  const [ours, base] = [await inspect(engine, OURS), await inspect(engine, BASE)];
  const added = megabytes(ours.Size - base.Size);
  const identity = (await inImage(engine, 'id', '-u')).trim();
  const problems = [
    ...(added > MOST_ADDED
      ? [`it adds ${String(added)} MB to Debian: ${String(MOST_ADDED)} at most`]
      : []),
    ...(identity === '0' ? ['it runs as root'] : []),
    ...(ours.Config.Healthcheck ? [] : ['it has no HEALTHCHECK']),
    ...(await contentProblems(engine)),
  ].map((problem) => `The image: ${problem}.`);
  return { added, problems };
};
