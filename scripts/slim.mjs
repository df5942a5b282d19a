// The last step of the image's build: takes out of node_modules what no program loads, and writes
// sbom.json (CycloneDX) of what is left. Run in the folder of the checkout, after `npm prune`:
//   node scripts/slim.mjs
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { arch, argv, cwd } from 'node:process';
import { fileURLToPath } from 'node:url';

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

const LOCATION = 'cdx:npm:package:path';

/** The bill of what npm has installed, without what was taken out since. */
export const presentIn = (bill, root) => {
  const isThere = ({ properties = [] }) =>
    properties
      .filter(({ name }) => name === LOCATION)
      .every(({ value }) => existsSync(path.join(root, value)));
  const components = bill.components.filter(isThere);
  const kept = new Set([bill.metadata.component, ...components].map((each) => each['bom-ref']));
  const dependencies = bill.dependencies
    .filter(({ ref }) => kept.has(ref))
    .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter((on) => kept.has(on)) }));
  return { ...bill, components, dependencies };
};

const installed = () =>
  JSON.parse(
    execFileSync('npm', ['sbom', '--omit=dev', '--sbom-format=cyclonedx'], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    }),
  );

const main = (root) => {
  const bill = installed();
  slim(path.join(root, 'node_modules'));
  writeFileSync(path.join(root, 'sbom.json'), JSON.stringify(presentIn(bill, root), undefined, 1));
};

if (argv[1] === fileURLToPath(import.meta.url)) main(cwd());
