import type { SeenSpan } from './otlp-receiver';

/** Whose parent is among them, with those below each; in the order of their starts. */
const childrenOf = (spans: SeenSpan[], parent: string | undefined) =>
  spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .toSorted((one, other) => Number(one.startTimeUnixNano - other.startTimeUnixNano));

const PROGRAM = 'airbyte-provisioner-';

/** How a span ended, as its attributes have it. */
const endOf = ({ attributes, status }: SeenSpan) =>
  [
    attributes['http.response.status_code'],
    attributes['provisioner.outcome'],
    attributes['provisioner.undone'] !== undefined &&
      `${String(attributes['provisioner.undone'])} undone`,
    attributes['error.type'] !== undefined && `**error** \`${String(attributes['error.type'])}\``,
    status.message && `“${status.message}”`,
  ]
    .filter(Boolean)
    .map(String)
    .join(', ');

/** A row for each span below a parent: its depth and name, its program, how it ended. */
export const spanRows = (spans: SeenSpan[], parent: string | undefined, depth = 0): string[] =>
  childrenOf(spans, parent).flatMap((span) => [
    `| ${'· '.repeat(depth)}${span.name} | ${String(span.service).replace(PROGRAM, '')} | ${endOf(span)} |`,
    ...spanRows(spans, span.spanId, depth + 1),
  ]);

const MARKED = /<!-- spans -->\n[\s\S]*?<!-- end spans -->/;

export const withSpanTable = (document: string, rows: string[]) =>
  document.replace(
    MARKED,
    `<!-- spans -->\n\n| Span | Program | How it ended |\n| --- | --- | --- |\n${rows.join('\n')}\n\n<!-- end spans -->`,
  );

/** The rows that a document has, without what prettier adds. */
export const rowsIn = (document: string) =>
  (MARKED.exec(document)?.[0] ?? '')
    .split('\n')
    .map((line) => line.replaceAll(/ +/g, ' ').trim())
    .filter((line) => line.startsWith('| ') && !/^\| (Span|-)/.test(line));
