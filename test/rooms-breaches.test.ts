import { execFileSync } from 'node:child_process';
import { z } from 'zod';
import { ROOT } from '../scripts/child';
import { breachesOf, textOf } from './support/rooms';

/* What the law of the rooms refuses: lines that are added to a file of the house, and are caught. */

const GATEWAY = 'src/gateway/draining.ts';
const AIRBYTE = 'src/airbyte/people.ts';
const SIMULATOR = 'simulator/paging.ts';
const TEST = 'test/token.test.ts';

const FORBIDDEN: [string, string, string][] = [
  ['a value of a room that it may not take', GATEWAY, `import '../airbyte/client';`],
  ['a type of it', GATEWAY, `import type { A } from '../airbyte/client';`],
  ['it by way of another', GATEWAY, `import '../contract/../airbyte/client';`],
  ['it by way of itself', GATEWAY, `import './../airbyte/client';`],
  ['it handed on', GATEWAY, `export * from '../airbyte/client';`],
  ['it within a function', GATEWAY, `export const a = () => import('../airbyte/client');`],
  ['it as CommonJS has it', GATEWAY, `import a = require('../airbyte/client');`],
  ['it when it runs', GATEWAY, `export const a: unknown = require('../airbyte/client');`],
  ['a type within a text', GATEWAY, `export type A = import('../airbyte/client').Airbyte;`],
  ['a package that is not its', GATEWAY, `import '@temporalio/client';`],
  ['it within a function too', GATEWAY, `export const a = () => import('@temporalio/client');`],
  ['a type of a package', GATEWAY, `import type { Client } from '@temporalio/client';`],
  ['a value where types are free', 'src/gateway/routes.ts', `import '../metrics/gateway';`],
  ['a package of Node in the bundle', 'workflows/run/saga.ts', `import 'node:fs';`],
  ['the product by the simulator', SIMULATOR, `import '../src/contract/json';`],
  ['the simulator by the product', GATEWAY, `import '../../simulator/simulator';`],
  ['scripts by the product', GATEWAY, `import '../../scripts/child';`],
  ['what tests share by the product', GATEWAY, `import '../../test/support/fixtures';`],
  ['a program by a room', GATEWAY, `import '../server';`],
  ['a program by another', 'src/worker.ts', `import './provisioner';`],
  ['Airbyte by the gateway that is served', 'src/server.ts', `import './airbyte/client';`],
  ['a program by a test', TEST, `import '../src/server';`],
  ['a program by a script', 'scripts/stack.ts', `import '../src/worker';`],
  ['a program by a benchmark', 'bench/run.ts', `import '../src/worker';`],
  ['a program by chaos', 'chaos/run.ts', `export type A = import('../src/provisioner').A;`],
  ['a test by what tests share', 'test/support/fixtures.ts', `import '../token.test';`],
  ['chaos by a script', 'scripts/stack.ts', `import '../chaos/run';`],
  ['a package that no test may use', TEST, `import 'swagger-ui-dist';`],
];

/** What only ESLint sees: how a module, or the environment, is come by. */
const WAYS: [string, string, string][] = [
  ['a name made when it runs', GATEWAY, 'export const a = (b: string) => import(b);'],
  [
    'createRequire',
    GATEWAY,
    `import { createRequire } from 'node:module'; createRequire('.')('../runs/token');`,
  ],
  ['require by another name', GATEWAY, `const r = require; r('../airbyte/client');`],
  ['require of the module', GATEWAY, `module.require('../airbyte/client');`],
  ['a built-in by its name', GATEWAY, `process.getBuiltinModule('node:module');`],
  ['the environment', AIRBYTE, 'export const a = process.env.HOME;'],
  ['it by its name', AIRBYTE, `export const a = process['env'].HOME;`],
  ['it in parts', AIRBYTE, 'export const { env } = process;'],
  ['it by another name', AIRBYTE, 'const b = process; export const a = b.env;'],
  ['it imported', AIRBYTE, `import { env } from 'node:process'; export const a = env.HOME;`],
  ['it of globalThis', AIRBYTE, 'export const a = globalThis.process.env;'],
  ['it of global', AIRBYTE, 'export const a = global.process.env;'],
  ['it in the simulator', SIMULATOR, 'export const a = process.env.HOME;'],
];

/** What is lawful and looks alike. */
const LAWFUL: [string, string, string][] = [
  ['its own room', GATEWAY, `import './body';`],
  ['a room that it takes from', GATEWAY, `import '../contract/json';`],
  ['a type where types are free', GATEWAY, `import type { A } from '../metrics/gateway';`],
  ['its package', GATEWAY, `import 'express';`],
  ['the process, not its environment', AIRBYTE, 'export const a = process.pid;'],
  ['the environment where it is read', 'src/config/config.ts', 'export const a = process.env.A;'],
  ['the environment in a test', TEST, 'export const a = process.env.A;'],
  ['any room in a test', TEST, `import '../activities/drift/drift';`],
];

const RULES = [
  'no-restricted-',
  '@typescript-eslint/no-restricted-imports',
  '@typescript-eslint/no-require-imports',
  '@typescript-eslint/consistent-type-imports',
];

/** Per text, what ESLint's rules of the law say of it. */
const refusalsOf = (texts: { file: string; text: string }[]) => {
  const script = `
    import { ESLint } from 'eslint';
    const eslint = new ESLint({
      ruleFilter: ({ ruleId }) => ${JSON.stringify(RULES)}.some((rule) => ruleId.startsWith(rule)),
      overrideConfig: {
        languageOptions: { parserOptions: { projectService: false } },
        linterOptions: { reportUnusedDisableDirectives: 'off' },
      },
    });
    const told = [];
    for (const { file, text } of ${JSON.stringify(texts)}) {
      const [{ messages }] = await eslint.lintText(text, { filePath: file });
      told.push(messages.map(({ ruleId, message }) => ruleId + ': ' + message));
    }
    console.log(JSON.stringify(told));`;
  const told = execFileSync(process.execPath, ['--input-type=module'], {
    cwd: ROOT,
    encoding: 'utf8',
    input: script,
  });
  return z.array(z.array(z.string())).parse(JSON.parse(told));
};

const withLine = ([, file, line]: [string, string, string]) => ({
  file,
  text: `${textOf(file)}\n${line}\n`,
});

const ALL = [...FORBIDDEN, ...WAYS, ...LAWFUL];
const told = new Map(refusalsOf(ALL.map(withLine)).map((each, index) => [ALL[index], each]));

test.each([...FORBIDDEN, ...WAYS])('ESLint refuses %s', (...row) => {
  const breach = ALL.find(([name]) => name === row[0]);
  expect(told.get(breach)).not.toEqual([]);
});

test.each(FORBIDDEN)('the graph of the house refuses %s', (_name, file, line) => {
  expect(breachesOf(file, line)).toHaveLength(1);
});

test.each(LAWFUL)('neither refuses %s', (name, file, line) => {
  expect(told.get(ALL.find((each) => each[0] === name))).toEqual([]);
  expect(breachesOf(file, line)).toEqual([]);
});
