import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';

/** The text of `test/fixtures/<name>`. */
export const fixture = (name: string) =>
  readFileSync(path.join(__dirname, '..', 'fixtures', name), 'utf8');

export const CASHFLOW = fixture('cashflow.yaml');

const Document = z.looseObject({
  dataProduct: z.looseObject({
    environment: z.string(),
    components: z.tuple([z.unknown(), z.looseObject({})]),
  }),
  componentIdToProvision: z.string(),
});

/** What tests change in the fixture's descriptor; everything else stays. */
export interface Changes {
  component?: string;
  environment?: string;
  url?: string;
  datasetName?: string;
  sourceName?: string;
  database?: string;
  connection?: Record<string, unknown>;
  /** In the place of the File source, of the Snowflake destination. */
  source?: Record<string, unknown>;
  destination?: Record<string, unknown>;
}

/** A valid descriptor like the fixture's, under another component's id or with other wishes. */
export const descriptor = (changes: Changes = {}): string => {
  const document = Document.parse(parse(CASHFLOW));
  const [, component] = document.dataProduct.components;
  const id = `urn:dmb:cmp:finance:cashflow:0:${changes.component ?? 'payments'}`;
  document.componentIdToProvision = id;
  document.dataProduct.environment = changes.environment ?? 'development';
  component.id = id;
  component.specific = {
    source: changes.source ?? {
      name: changes.sourceName ?? 'Payments CSV',
      connectionConfiguration: {
        url: changes.url ?? 'https://files.example.invalid/payments.csv',
        format: 'csv',
        provider: { storage: 'HTTPS', user_agent: false },
        dataset_name: changes.datasetName ?? 'payments',
      },
    },
    destination: changes.destination ?? {
      name: 'Snowflake',
      connectionConfiguration: { database: changes.database ?? 'mydatabase' },
    },
    connection: { name: 'Payments CSV <> Snowflake', ...changes.connection },
  };
  return stringify(document);
};

/** A request body of POST /v1/provision, /v1/unprovision and /v1/validate. */
export const request = (text: string, more: Record<string, unknown> = {}) => ({
  descriptorKind: 'COMPONENT_DESCRIPTOR',
  descriptor: text,
  removeData: false,
  ...more,
});

const repeated = (n: number) =>
  n === 0 ? 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]' : line(n, Array(10).fill(`*a${String(n - 1)}`));
const line = (n: number, items: unknown[]) => `a${String(n)}: &a${String(n)} [${items.join(',')}]`;

/** Each line repeats the one before ten times: a million nodes out of some 300 bytes. */
export const ALIAS_BOMB = [0, 1, 2, 3, 4, 5].map(repeated).join('\n');
