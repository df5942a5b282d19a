import { GATEWAY } from '../src/metrics/gateway';
import { WORKER } from '../src/metrics/worker';
import { DASHBOARDS, queriesOf } from './support/dashboards';

/* The dashboards as text; alerts-fire.test.ts asks Prometheus all that they ask. */

test.each(DASHBOARDS)('$file has panels that lie beside each other, each with a number', (each) => {
  const ids = each.panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const cells = each.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from(
      { length: w * h },
      (_, cell) => `${String(x + (cell % w))} ${String(y + Math.floor(cell / w))}`,
    ),
  );
  expect(new Set(cells).size).toBe(cells.length);
  expect(Math.max(...each.panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
});

test.each(DASHBOARDS)('$file asks for variables that it has', ({ panels, templating }) => {
  const known = templating.list.map(({ name }) => name);
  const named = [...JSON.stringify(panels).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name);
  expect(known).toEqual(['datasource', 'gateway', 'worker']);
  expect(new Set(named.filter((name) => !name.startsWith('__')))).toEqual(new Set(known));
});

test('dashboards show each metric of gateway and worker', () => {
  const asked = queriesOf(3600)
    .map(({ query }) => query)
    .join('\n');
  const all = [...Object.values(GATEWAY), ...Object.values(WORKER)].map(({ name }) => name);
  expect(all.filter((name) => !new RegExp(`${name}(_bucket|_count)?\\b`).test(asked))).toEqual([]);
});
