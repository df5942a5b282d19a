import type { Row } from './rows';
import { CONTRACTS } from './schema';

const INTRODUCTION = `# The contract table

Every operation of the Coordinator's contract, with every status it gives, and the requests that it gives them to.

\`npm test\` makes each of these requests, over HTTP, of a gateway with a worker, Temporal and the Airbyte simulator behind it, and of gateways whose [configuration file](tenancy.md) lets nobody in. It holds each answer against the schemas of specification 2.5.0, which are read from the specification and not from \`src/\`, and fails when this document is not of today's rows. The rows are in [test/support/contract/table.ts](../test/support/contract/table.ts); \`RECORD_CONTRACT_TABLE=1 npm test -- test/contract-table.test.ts\` writes this document.

No answer has a field that the specification does not name (but \`info.privateInfo.checks\` of a validation, and what it leaves open), a \`null\`, a stack trace, or HTML. A token is the bare text, without quotes. What never reaches an operation, such as another method or an unknown path, is a 404 in the shape of the contract. \`/v1/validate\` asks nobody, so that its 500 cannot be provoked.`;

const lineOf = (cells: string[]) => `| ${cells.join(' | ')} |`;

const typeOf = ({ shape }: Row) => {
  if (shape === 'nothing') return 'no body';
  return shape === 'token' ? '`text/plain`: the token' : `\`application/json\`: ${shape}`;
};

/** One line for each status and shape; what it is given to is told once, however often it is asked. */
const linesOf = (rows: Row[]) => {
  const keys = [...new Set(rows.map((row) => `${String(row.status)} ${typeOf(row)}`))].toSorted();
  return keys.map((key) => {
    const same = rows.filter((row) => `${String(row.status)} ${typeOf(row)}` === key);
    const [first] = same;
    const whens = [...new Set(same.map(({ when }) => when))].join('; ');
    return lineOf([String(first?.status), first ? typeOf(first) : '', whens]);
  });
};

const section = (title: string, rows: Row[]) => [
  `## ${title}`,
  [lineOf(['status', 'content', 'for']), lineOf(['---', '---', '---']), ...linesOf(rows)].join(
    '\n',
  ),
];

/** The document; prettier lays it out. */
export const documentOf = (rows: Row[]) =>
  [
    INTRODUCTION,
    `**${String(rows.length)} requests.**`,
    ...CONTRACTS['2.5.0'].operations.flatMap(({ operationId, method, path }) =>
      section(
        `\`${method} ${path}\` (${operationId})`,
        rows.filter(({ operation }) => operation === operationId),
      ),
    ),
    ...section(
      'Anything else',
      rows.filter(({ operation }) => operation === 'none'),
    ),
  ].join('\n\n');
