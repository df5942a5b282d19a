import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { GATEWAY } from '../src/metrics/gateway';
import { WORKER } from '../src/metrics/worker';
import { REFUSALS } from '../src/contract/problems';
import { ROOT } from '../scripts/child';
import { slugsIn } from './support/document-links';
import {
  ALERTS,
  OPS,
  RULES,
  SECTIONS,
  commandsOf,
  hastened,
  promtool,
  withPrometheus,
} from './support/alerts';

/* The alerts as text, and by promtool; alerts-fire.test.ts makes each of them fire. */

const FOLDER = path.join(OPS, 'prometheus');
const check = (...args: string[]) =>
  execFileSync(promtool ?? '', args, { cwd: FOLDER, encoding: 'utf8' });

withPrometheus('promtool has nothing against the rules, nor against the configuration', () => {
  expect(check('check', 'rules', 'alerts.yaml')).toContain(
    `SUCCESS: ${String(ALERTS.length)} rules`,
  );
  expect(check('check', 'config', 'prometheus.yaml')).toContain('is valid');
});

const UNIT_TESTS = readdirSync(FOLDER).filter((file) => file.endsWith('.test.yaml'));

withPrometheus.each(UNIT_TESTS)('the alerts do as %s says', (file) => {
  expect(check('test', 'rules', file)).toContain('SUCCESS');
});

test('each alert is expected to fire in a unit test, and not to', () => {
  const text = UNIT_TESTS.map((file) => readFileSync(path.join(FOLDER, file), 'utf8')).join('');
  const outcomes = ALERTS.flatMap(({ alert }) => [
    `${alert}\n        exp_alerts: []`,
    `${alert}\n        exp_alerts:\n`,
  ]);
  expect(outcomes.filter((outcome) => !text.includes(outcome))).toEqual([]);
});

test('each alert has a section of the runbook, and each section its alert', () => {
  const sections = [...SECTIONS.keys()].filter((name) => name.startsWith('Provisioner'));
  expect(sections).toEqual(ALERTS.map(({ alert }) => alert));
});

test.each(ALERTS)(
  '$alert names its section, which says how urgent it is and what to run',
  (each) => {
    const [file = '', anchor = ''] = each.annotations.runbook_url.split('#');
    expect(file).toBe('docs/runbook.md');
    const section = SECTIONS.get(each.alert) ?? '';
    expect(slugsIn(`## ${section}`)).toContain(anchor);
    expect(section).toMatch(each.labels.severity === 'page' ? /^Page\. /m : /^Ticket\. /m);
    expect(section).toMatch(/^Do[:,]/m);
    expect(commandsOf(each.alert)).not.toEqual([]);
  },
);

/** All texts of a folder's files, with what they fill in as `…`. */
const wordsIn = (folder: string): string =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => readFileSync(path.join(ROOT, folder, name), 'utf8'))
    .join('\n')
    .replaceAll(/\$\{[^{}]*\}/g, '…');

test('what the runbook says that fabrics say, they say', () => {
  const said = (SECTIONS.get('ProvisionerFabricFails') ?? '')
    .split('\n')
    .flatMap((line) => [...(/^\| ([^|]*) \|/.exec(line)?.[1] ?? '').matchAll(/`([^`]+)`/g)])
    .flatMap(([, quote = '']) => quote.split('…'))
    .map((part) => part.trim())
    .filter((part) => part !== '');
  expect(said.length).toBeGreaterThan(20);
  const words = wordsIn('src/fabrics');
  expect(said.filter((part) => !words.includes(part))).toEqual([]);
});

test('alerts are about metrics that there are', () => {
  const own = new Set<string>(
    [...Object.values(GATEWAY), ...Object.values(WORKER)].map(({ name }) => name),
  );
  const named = [...RULES.matchAll(/\bprovisioner_\w+/g)].map(([name]) => name);
  expect(named.length).toBeGreaterThan(20);
  expect(named.filter((name) => !own.has(name.replace(/_(count|bucket)$/, '')))).toEqual([]);
});

test('what no alert is about is asked of metrics and reasons of refusals that there are', () => {
  const section = SECTIONS.get('What no alert is about') ?? '';
  const [, reasons = ''] = /reason=~"([\w|]+)"/.exec(section) ?? [];
  expect(reasons.split('|').length).toBeGreaterThan(5);
  expect(reasons.split('|').filter((name) => !REFUSALS.some((each) => each === name))).toEqual([]);
  const own = Object.values(GATEWAY).map(({ name }) => name);
  const named = [...section.matchAll(/\bprovisioner_\w+/g)].map(([name]) => name);
  expect(named.filter((name) => !own.some((each) => each === name))).toEqual([]);
});

test('what is tried is what is written, but for durations', () => {
  const withoutDurations = (text: string) =>
    text.replaceAll(/\[\w+\]|for: \w+|(?<=time\(\) - .*) [<>] \d+/g, '…');
  expect(hastened(RULES)).not.toBe(RULES);
  expect(withoutDurations(hastened(RULES))).toBe(withoutDurations(RULES));
});
