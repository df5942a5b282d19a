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
