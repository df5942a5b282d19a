// npm run --silent sbom [-- FILE]: a bill of materials (CycloneDX) of the packages that production has,
// by the lockfile; to standard output, or to a file. Nothing is asked of anybody.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { argv, cwd, stdout } from 'node:process';
import { fileURLToPath } from 'node:url';

const readJson = (root, file) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));

const packageOf = (place) => place.replace(/^.*node_modules\//, '');

/** Of all packages of the lockfile: with `--omit=dev` npm leaves out those that production shares, too. */
export const billOfAll = (root) => {
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'];
  const options = { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 };
  const bill = JSON.parse(execFileSync('npm', args, options));
  // npm calls it by its folder.
  const component = { ...bill.metadata.component, name: readJson(root, 'package.json').name };
  return { ...bill, metadata: { ...bill.metadata, component } };
};

/** A bill of materials of these alone, each as `name@version`; the root stays. */
export const restricted = (bill, refs) => {
  const kept = new Set([...refs, bill.metadata.component['bom-ref']]);
  const isKept = (ref) => kept.has(ref);
  return {
    ...bill,
    components: bill.components.filter((each) => isKept(each['bom-ref'])),
    dependencies: bill.dependencies
      .filter(({ ref }) => isKept(ref))
      .map(({ ref, dependsOn = [] }) => ({ ref, dependsOn: dependsOn.filter(isKept) })),
  };
};

const inProduction = (root) =>
  Object.entries(readJson(root, 'package-lock.json').packages)
    .filter(([place, { dev }]) => place !== '' && !dev)
    .map(([place, { name = packageOf(place), version }]) => `${name}@${version}`);

const main = (root, file) => {
  const bill = restricted(billOfAll(root), inProduction(root));
  const text = `${JSON.stringify(bill, undefined, 1)}\n`;
  if (file) writeFileSync(file, text);
  else stdout.write(text);
};

if (argv[1] === fileURLToPath(import.meta.url)) main(cwd(), argv[2]);
