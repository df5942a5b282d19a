// The last step of the image's build: takes out of node_modules what no program loads, and writes
// sbom.json (CycloneDX) of what is left, with Node and Debian's packages. Run in the folder of a checkout:
//   node scripts/slim.mjs [FOLDER]
// FOLDER has the list (status) of the packages of the Debian that the image stands on.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { arch, argv, cwd, versions } from 'node:process';
import { fileURLToPath } from 'node:url';
import { billOfAll, restricted } from './sbom.mjs';

const ARCHITECTURES = { x64: 'x86_64', arm64: 'aarch64' };

/** Temporal's native part, of which its package has five platforms, 28 MB each. */
const NATIVE = '@temporalio/core-bridge/releases';

/** Compiles workflows for the bundle, which the image has ready. */
const COMPILER = '@swc';

/** Of the viewer the gateway serves these (src/gateway/docs-page.ts); the package has ten times as much. */
const VIEWER = 'swagger-ui-dist';
const SERVED = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];
const KEPT = [...SERVED, 'package.json', 'index.js', 'absolute-path.js', 'LICENSE', 'NOTICE'];

const allBut = (folder, kept) =>
  readdirSync(folder)
    .filter((name) => !kept.includes(name))
    .map((name) => path.join(folder, name));

/** Types are for who compiles, and maps lead to sources that are not there. */
const typesIn = (folder) =>
  readdirSync(folder, { recursive: true })
    .filter((name) => /\.(map|d\.[cm]?ts)$/.test(name))
    .map((name) => path.join(folder, name));

const slim = (modules) => {
  const platform = `${ARCHITECTURES[arch]}-unknown-linux-gnu`;
  const superfluous = [
    ...allBut(path.join(modules, NATIVE), [platform]),
    ...allBut(path.join(modules, VIEWER), KEPT),
    ...typesIn(modules),
    path.join(modules, COMPILER),
  ];
  for (const each of superfluous) rmSync(each, { recursive: true, force: true });
};

/** A package's own manifest, and none that lies somewhere in a package. */
const MANIFEST = /(^|\/node_modules\/)(@[^/]+\/)?[^/@]+\/package\.json$/;

const packagesIn = (modules) =>
  new Set(
    readdirSync(modules, { recursive: true })
      .filter((file) => MANIFEST.test(file))
      .map((file) => JSON.parse(readFileSync(path.join(modules, file), 'utf8')))
      .map(({ name, version }) => `${name}@${version}`),
  );

/** A bill of materials without the packages that are not in a folder (any more). */
export const presentIn = (bill, modules) => restricted(bill, packagesIn(modules));

const platform = ({ name, version }) => ({
  'bom-ref': `${name}@${version}`,
  type: 'platform',
  name,
  version,
  purl: `pkg:generic/${name}@${version}`,
  cpe: `cpe:2.3:a:nodejs:node.js:${version}:*:*:*:*:*:*:*`,
});

const debianPackage = ({ name, version, architecture }) => {
  const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
  return { 'bom-ref': purl, type: 'library', name, version, purl };
};

/** With what is in the image beside npm's packages. */
export const withSystem = (bill, { node, packages }) => ({
  ...bill,
  components: [
    ...bill.components,
    platform({ name: 'node', version: node }),
    ...packages.map(debianPackage),
  ],
});

/** Debian's packages by a list of them, or those of these names on this system. */
const debianPackages = (...args) =>
  execFileSync(
    'dpkg-query',
    ['--show', '--showformat=${Package} ${Version} ${Architecture}\\n', ...args],
    { encoding: 'utf8' },
  )
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([name, version, architecture]) => ({ name, version, architecture }));

const main = (root, folder) => {
  const bill = billOfAll(root);
  execFileSync('npm', ['prune', '--omit=dev']);
  const modules = path.join(root, 'node_modules');
  slim(modules);
  const present = withSystem(presentIn(bill, modules), {
    node: versions.node,
    // The image has the list of authorities of the second.
    packages: folder
      ? [...debianPackages(`--admindir=${folder}`), ...debianPackages('ca-certificates')]
      : [],
  });
  writeFileSync(path.join(root, 'sbom.json'), JSON.stringify(present, undefined, 1));
};

if (argv[1] === fileURLToPath(import.meta.url)) main(cwd(), argv[2]);
