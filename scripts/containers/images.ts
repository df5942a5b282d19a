import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findCli } from '../temporal';
import { ROOT } from '../child';
import { bootstrap, debianProgram, unpackNpm } from './debian';
import type { Engine } from './engine';
import { binaryOf, moduleOf } from './go-programs';
import { CACHE, read, runLogged } from './place';

/* Stand-ins for the images that docker-compose.yml and the Dockerfile name, under the same names. */

export const OURS = 'airbyte-specific-provisioner';
export const BASE = 'debian:bookworm-slim';

const NODE_VERSION = '24.21.0';
const NPM_VERSION = '11.19.1';
const RECIPES = path.join(ROOT, 'scripts', 'containers', 'images');
const CONTEXTS = path.join(CACHE, 'contexts');

/** Of the recipe an image was made by; without a change it is not made again. */
const LABEL = 'stand-in';

interface StandIn {
  /** As docker-compose.yml or the Dockerfile writes it. */
  image: string;
  /** Folder of its recipe. */
  recipe: string;
  /** Of what is put beside the recipe. */
  versions: string[];
  /** Puts it there. */
  fill?: (context: string) => Promise<void>;
}

const copy = (from: string, context: string, name = path.basename(from)) => {
  const target = path.join(context, name);
  cpSync(from, target, { recursive: true, dereference: true });
  return target;
};

const binary = (name: Parameters<typeof binaryOf>[0], context: string) => {
  chmodSync(copy(binaryOf(name), context, name), 0o755);
};

const STAND_INS: StandIn[] = [
  {
    image: 'node:24-bookworm-slim',
    recipe: 'node',
    versions: [NODE_VERSION, NPM_VERSION],
    fill: async (context) => {
      const unpacked = path.join(context, 'package');
      await unpackNpm(`node-linux-${process.arch}@${NODE_VERSION}`, unpacked);
      chmodSync(copy(path.join(unpacked, 'bin', 'node'), context), 0o755);
      rmSync(unpacked, { recursive: true });
      await unpackNpm(`npm@${NPM_VERSION}`, path.join(context, 'npm'));
    },
  },
  { image: 'postgres:16-alpine', recipe: 'postgres', versions: [] },
  {
    image: 'temporalio/server:1.32.0',
    recipe: 'temporal-server',
    versions: [binaryOf('temporal-server')],
    fill: async (context) => {
      binary('temporal-server', context);
      const scripts = path.join(await moduleOf('temporal-server'), 'docker', 'scripts', 'sh');
      chmodSync(copy(path.join(scripts, 'entrypoint.sh'), context), 0o755);
    },
  },
  {
    image: 'temporalio/admin-tools:1.32.0',
    recipe: 'temporal-admin-tools',
    versions: [binaryOf('temporal-sql-tool')],
    fill: async (context) => {
      binary('temporal-sql-tool', context);
      chmodSync(copy(findCli(), context, 'temporal'), 0o755);
      copy(path.join(await moduleOf('temporal-server'), 'schema'), context);
    },
  },
  {
    image: 'temporalio/ui:2.54.1',
    recipe: 'temporal-ui',
    versions: [binaryOf('ui-server')],
    fill: async (context) => {
      binary('ui-server', context);
      const module = await moduleOf('ui-server');
      chmodSync(copy(path.join(module, 'docker', 'start-ui-server.sh'), context), 0o755);
      copy(path.join(module, 'config', 'docker.yaml'), context);
    },
  },
  { image: 'prom/prometheus:v3.5.0', recipe: 'prometheus', versions: [] },
];

export const STAND_IN_NAMES = [BASE, ...STAND_INS.map(({ image }) => image)];

/** Of all that an image is made by. */
const digestOf = ({ recipe, versions }: StandIn) => {
  const folder = path.join(RECIPES, recipe);
  const files = readdirSync(folder).map((name) => readFileSync(path.join(folder, name), 'utf8'));
  return createHash('sha256')
    .update(JSON.stringify([files, versions.map((each) => path.basename(each))]))
    .digest('hex');
};

const labelOf = async ({ tryDocker }: Engine, image: string) => {
  const format = `{{ index .Config.Labels "${LABEL}" }}`;
  const { code, stdout } = await tryDocker('image', 'inspect', '--format', format, image);
  return code === 0 ? stdout.trim() : undefined;
};

/** Debian itself: what all others stand on. */
const makeBase = async (engine: Engine) => {
  if ((await labelOf(engine, BASE)) === BASE) return;
  const root = path.join(CACHE, 'debian-root');
  rmSync(root, { recursive: true, force: true });
  await bootstrap(root);
  const archive = `${root}.tar`;
  await read({ command: 'tar', args: ['-C', root, '-cf', archive, '.'] });
  await engine.docker(
    'import',
    '--change',
    `LABEL ${LABEL}=${BASE}`,
    '--change',
    'CMD ["bash"]',
    archive,
    BASE,
  );
  rmSync(root, { recursive: true });
  rmSync(archive);
};

const makeStandIn = async (engine: Engine, standIn: StandIn, signal?: AbortSignal) => {
  const { image, recipe, fill } = standIn;
  const digest = digestOf(standIn);
  if ((await labelOf(engine, image)) === digest) return;
  const context = path.join(CONTEXTS, recipe);
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context, { recursive: true });
  copy(path.join(RECIPES, recipe), CONTEXTS, recipe);
  await fill?.(context);
  await buildImage(engine, { image, context, name: recipe, label: `${LABEL}=${digest}`, signal });
  rmSync(context, { recursive: true });
};

interface Build {
  image: string;
  context: string;
  name: string;
  label: string;
  signal?: AbortSignal | undefined;
}

const buildImage = ({ env }: Engine, { image, context, name, label, signal }: Build) =>
  runLogged(`image-${name}`, {
    command: debianProgram('docker'),
    args: ['build', '--network', 'host', '--label', label, '--tag', image, context],
    env,
    signal,
  });

/** Makes what is missing, or was made by another recipe. */
export const makeStandIns = async (engine: Engine, signal?: AbortSignal): Promise<void> => {
  await makeBase(engine);
  for (const standIn of STAND_INS) await makeStandIn(engine, standIn, signal);
};

/** Our own image, by the real Dockerfile. */
export const makeOurs = (engine: Engine, signal?: AbortSignal): Promise<void> =>
  buildImage(engine, { image: OURS, context: ROOT, name: 'ours', label: 'of=tests', signal });
