import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../scripts/child';

const bundle = readFileSync(path.join(ROOT, 'dist', 'workflow-bundle.js'), 'utf8');

test('workflow code brings nothing along that would break its isolation', () => {
  expect(bundle).toContain('./dist/workflows/pipeline/provision.js');
  for (const foreign of [
    'node_modules/zod',
    'node_modules/express',
    'dist/src/',
    'dist/activities/',
    'require("node:',
  ])
    expect(bundle).not.toContain(foreign);
});

test('the image has each bundle that a worker may start with', () => {
  const textOf = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');
  const made = [...textOf('scripts/build.mjs').matchAll(/\bbundle\('([\w-]+)'/g)].map(
    ([, name = '']) => `${name}.js`,
  );
  expect(made.length).toBeGreaterThan(1);
  const copied = [...textOf('Dockerfile').matchAll(/\/app\/dist\/([\w*-]+\.js)/g)].map(
    ([, name = '']) => new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}$`),
  );
  expect(made.filter((name) => !copied.some((pattern) => pattern.test(name)))).toEqual([]);
});
