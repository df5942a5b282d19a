import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { findFreePorts } from '../scripts/ports';

/* What is said of the packages that production has: the bill of materials, and the audit. */

const run = promisify(execFile);
const folder = mkdtempSync(path.join(tmpdir(), 'provisioner-dependencies-'));
const servers: Server[] = [];

afterAll(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

const Names = z.record(z.string(), z.unknown()).default({});
const Locked = z.object({
  name: z.string().optional(),
  version: z.string(),
  dependencies: Names,
  optionalDependencies: Names,
  peerDependencies: Names,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean() })).default({}),
});
type Locked = z.infer<typeof Locked>;
const { packages } = z
  .object({ packages: z.record(z.string(), Locked) })
  .parse(JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')));

const neededBy = ({ peerDependenciesMeta, ...of }: Locked) => [
  ...Object.keys({ ...of.dependencies, ...of.optionalDependencies }),
  ...Object.keys(of.peerDependencies).filter((name) => !peerDependenciesMeta[name]?.optional),
];

/** Where Node finds a package that one in this place asks for; undefined: it was not installed. */
const placeOf = (name: string, from: string): string | undefined => {
  const place = path.posix.join(from, 'node_modules', name);
  if (place in packages) return place;
  if (from === '') return undefined;
  return placeOf(name, from.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, ''));
};

/** The places of all that production needs: followed from what package.json names, as Node does. */
const inProduction = () => {
  const places = new Set(['']);
  for (const place of places)
    for (const name of neededBy(Locked.parse(packages[place]))) {
      const found = placeOf(name, place);
      if (found !== undefined) places.add(found);
    }
  places.delete('');
  return [...places];
};

const nameAt = (place: string) => packages[place]?.name ?? place.replace(/^.*node_modules\//, '');
const unique = (names: string[]) => [...new Set(names)].toSorted();

const Bill = z.object({
  bomFormat: z.literal('CycloneDX'),
  metadata: z.object({ component: z.object({ name: z.string(), version: z.string() }) }),
  components: z.array(z.object({ name: z.string(), version: z.string(), purl: z.string() })),
});

const sbom = (...args: string[]) =>
  run(process.execPath, [path.join(ROOT, 'scripts', 'sbom.mjs'), ...args], {
    cwd: ROOT,
    maxBuffer: 64 * 1024 * 1024,
  });

describe('the bill of materials', () => {
  let text = '';
  beforeAll(async () => {
    text = (await sbom()).stdout;
  });

  test('names every package that production has, with its version, and no other', () => {
    const { metadata, components } = Bill.parse(JSON.parse(text));
    const needed = inProduction().map(
      (place) => `${nameAt(place)}@${packages[place]?.version ?? ''}`,
    );
    expect(needed.length).toBeGreaterThan(100);
    expect(components.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual(
      unique(needed),
    );
    expect(metadata.component).toMatchObject({ name: 'airbyte-specific-provisioner' });
  });

  test('is CycloneDX by its published schema', async () => {
    const schema = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
    expect(await schema.validate(text)).toBeNull();
  });

  test('is written to a file where one is named', async () => {
    const file = path.join(folder, 'sbom.json');
    expect((await sbom(file)).stdout).toBe('');
    const componentsOf = (bill: string) => Bill.parse(JSON.parse(bill)).components;
    expect(componentsOf(readFileSync(file, 'utf8'))).toEqual(componentsOf(text));
  });
});

/** A registry whose audit service gives this answer; what it was asked about. */
const startRegistry = async (status: number, advisories: object) => {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    const answer = async () => {
      const body = await buffer(req);
      const isAudit = req.method === 'POST';
      if (isAudit) {
        const given = req.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
        asked.push(...Object.keys(z.looseObject({}).parse(JSON.parse(given.toString()))));
      }
      res.writeHead(isAudit ? status : 200, { 'content-type': 'application/json' });
      const name = decodeURIComponent((req.url ?? '').slice(1));
      res.end(JSON.stringify(isAudit ? advisories : { name, versions: {} }));
    };
    answer().catch((err: unknown) => res.destroy(err instanceof Error ? err : undefined));
  });
  servers.push(server);
  const [port = 0] = await findFreePorts(1);
  await new Promise<void>((resolve) => {
    server.listen(port, '127.0.0.1', resolve);
  });
  return { url: `http://127.0.0.1:${String(port)}`, asked };
};

const audit = async (registry: string, cwd = ROOT) => {
  const env = {
    ...process.env,
    npm_config_registry: registry,
    // It remembers advisories by their ids.
    npm_config_cache: mkdtempSync(path.join(folder, 'cache-')),
  };
  const script = path.join(ROOT, 'scripts', 'audit.mjs');
  return run(process.execPath, [script], { cwd, env }).then(
    ({ stdout }) => ({ code: 0, said: stdout }),
    (err: unknown) => {
      const { code, stdout, stderr } = z
        .object({ code: z.number(), stdout: z.string(), stderr: z.string() })
        .parse(err);
      return { code, said: stdout + stderr };
    },
  );
};

const advisory = (severity: string) => ({
  express: [
    {
      id: 1,
      url: 'https://advisories.example.com/1',
      title: 'Answers too much',
      severity,
      vulnerable_versions: '<99.0.0',
    },
  ],
});

const NONE = 'No hole of level high or above is known in the packages that production has.';
const expectedOf = (why: string) =>
  `NOTE: dependencies are not audited: the audit service does not answer (${why}).\n`;

describe('the audit', () => {
  test('asks about every package that production has, and no other', async () => {
    const { url, asked } = await startRegistry(200, {});
    const { code, said } = await audit(url);
    expect([code, said]).toEqual([0, `${NONE}\n`]);
    expect(asked.toSorted()).toEqual(unique(inProduction().map(nameAt)));
  });

  test.each([
    ['critical', 1],
    ['high', 1],
    ['moderate', 0],
  ])('of a hole of level %s tells, and ends with %i', async (severity, wanted) => {
    const { url } = await startRegistry(200, advisory(severity));
    const hole = `${severity}: express <99.0.0: Answers too much (https://advisories.example.com/1)`;
    const { code, said } = await audit(url);
    expect([code, said.split('\n')[0]]).toEqual([wanted, hole]);
  });

  test('says that the service does not answer, and does not take that for no hole', async () => {
    const { url } = await startRegistry(405, {});
    const refused = await audit(url);
    expect([refused.code, refused.said]).toEqual([75, expectedOf('405')]);
    const [closed = 0] = await findFreePorts(1);
    const away = await audit(`http://someone:of-the-user@127.0.0.1:${String(closed)}`);
    expect([away.code, away.said]).toEqual([
      75,
      expectedOf(`connect ECONNREFUSED 127.0.0.1:${String(closed)}`),
    ]);
  });

  test('does not take a mistake of ours for a service that is away', async () => {
    const { url } = await startRegistry(400, {});
    expect((await audit(url)).code).toBe(2);
    copyFileSync(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
    const withoutLockfile = await audit(url, folder);
    expect(withoutLockfile.code).toBe(2);
    expect(withoutLockfile.said).toContain('lockfile');
  });
});
