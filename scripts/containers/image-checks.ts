import { z } from 'zod';
import type { Engine } from './engine';
import { BASE, OURS, STAND_IN_NAMES } from './images';
import { IMAGES_USER } from './variables';

/* What our image has to be. */

/** Megabytes, 10^6, that our image adds to Debian. */
const MOST_ADDED = 250;

const Inspected = z.object({
  Size: z.number(),
  Config: z.object({
    Healthcheck: z.object({ Test: z.array(z.string()) }).optional(),
  }),
});

const Bill = z.object({
  bomFormat: z.literal('CycloneDX'),
  components: z.array(
    z.object({ 'bom-ref': z.string(), name: z.string(), version: z.string(), purl: z.string() }),
  ),
  dependencies: z.array(z.object({ ref: z.string(), dependsOn: z.array(z.string()) })),
});

const Manifest = z.object({ dependencies: z.record(z.string(), z.string()) });

/** The packages that these need, and what those need in turn. */
const neededBy = (roots: string[], { dependencies }: z.infer<typeof Bill>) => {
  const on = new Map(dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const needed = new Set(roots);
  for (const ref of needed) for (const each of on.get(ref) ?? []) needed.add(each);
  return needed;
};

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

/** What of Debian and Node is in the image, and not in its bill, or the other way round. */
const systemProblems = async (engine: Engine, { components }: z.infer<typeof Bill>) => {
  const listed = components
    .filter(({ purl }) => !purl.startsWith('pkg:npm/'))
    .map(({ name, version }) => `${name} ${version}`);
  const format = '--showformat=${Package} ${Version}\\n';
  const debian = (await inImage(engine, 'dpkg-query', '--show', format)).trim().split('\n');
  const node = (await inImage(engine, 'node', '--version')).trim().replace(/^v/, '');
  const there = [...debian, `node ${node}`];
  return [
    ...there
      .filter((each) => !listed.includes(each))
      .map((each) => `sbom.json does not list ${each}`),
    ...listed
      // Of this one only the list of authorities is in the image.
      .filter((each) => !there.includes(each) && !each.startsWith('ca-certificates '))
      .map((each) => `sbom.json lists ${each}, which is not there`),
  ];
};

const contentProblems = async (engine: Engine) => {
  const bill = Bill.parse(JSON.parse(await inImage(engine, 'cat', 'sbom.json')));
  const packages = bill.components.filter(({ purl }) => purl.startsWith('pkg:npm/'));
  const wanted = Manifest.parse(JSON.parse(await inImage(engine, 'cat', 'package.json')));
  const direct = packages.filter(({ name }) => name in wanted.dependencies);
  const listed = new Set(direct.map(({ name }) => name));
  const needed = neededBy(
    direct.map((each) => each['bom-ref']),
    bill,
  );
  const natives = await inImage(engine, 'find', 'node_modules', '-name', 'index.node');
  return [
    ...Object.keys(wanted.dependencies)
      .filter((name) => !listed.has(name))
      .map((name) => `sbom.json does not list ${name}`),
    ...packages
      .filter((each) => !needed.has(each['bom-ref']))
      .map(({ name }) => `it has ${name}, which nothing in production needs`),
    ...(await systemProblems(engine, bill)),
    ...(natives.trim().split('\n').length === 1 ? [] : [`its native parts are ${natives}`]),
  ];
};

/** What the image is not as it should be, and what it adds to Debian, in megabytes. */
export const checkImage = async (engine: Engine) => {
  const [ours, base] = [await inspect(engine, OURS), await inspect(engine, BASE)];
  const added = megabytes(ours.Size - base.Size);
  const wanted = `${String(IMAGES_USER)}:${String(IMAGES_USER)}`;
  const user = [await inImage(engine, 'id', '-u'), await inImage(engine, 'id', '-g')]
    .map((id) => id.trim())
    .join(':');
  const problems = [
    ...(added > MOST_ADDED
      ? [`it adds ${String(added)} MB to Debian: ${String(MOST_ADDED)} at most`]
      : []),
    ...(user === wanted ? [] : [`it runs as ${user} instead of ${wanted}`]),
    ...(ours.Config.Healthcheck ? [] : ['it has no HEALTHCHECK']),
    ...(await contentProblems(engine)),
  ].map((problem) => `The image: ${problem}.`);
  return { added, problems };
};
