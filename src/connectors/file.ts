import { z } from 'zod';
import { DEFINITIONS } from './definitions';
import { anyCase, asDefinition, text } from './fields';
import { problemOfUrl, provider } from './file-provider';

/** Formats pandas reads with `na_values`; the other readers do not know the option. */
const TABULAR = ['csv', 'fwf', 'excel', 'excel_binary'];

/** What pandas takes for "no value" by default, but for the literal "NA" (a country, a grade). */
const NA_VALUES = [
  '',
  '#N/A',
  '#N/A N/A',
  '#NA',
  '-1.#IND',
  '-1.#QNAN',
  '-NaN',
  '-nan',
  '1.#IND',
  '1.#QNAN',
  '<NA>',
  'N/A',
  'NULL',
  'NaN',
  'None',
  'n/a',
  'nan',
  'null',
];

const ReaderOptions = z.record(z.string(), z.unknown());

const NO_OPTIONS = 'must be a JSON object as text, for example {"sep": ";"}';

const readerOptions = z
  .union([z.string(), ReaderOptions], NO_OPTIONS)
  .transform((given, context) => {
    try {
      return ReaderOptions.parse(typeof given === 'string' ? JSON.parse(given) : given);
    } catch {
      context.addIssue(NO_OPTIONS);
      return z.NEVER;
    }
  });

const FORMATS = [
  'csv',
  'json',
  'jsonl',
  'excel',
  'excel_binary',
  'fwf',
  'feather',
  'parquet',
  'yaml',
] as const;

const configuration = z
  .strictObject({
    dataset_name: text.describe('The name of the stream, and so of the table.'),
    url: text.describe('Where the file is: https://…, gs://…, s3://…, azure://…, or a path.'),
    format: anyCase(FORMATS).default('csv'),
    provider: provider.default({ storage: 'HTTPS', user_agent: false }),
    reader_options: readerOptions
      .optional()
      .describe('Options of the reader as JSON text, for example {"sep": ";"}.'),
  })
  .superRefine(({ url, provider: { storage } }, context) => {
    const message = problemOfUrl(url, storage);
    if (message) context.addIssue({ code: 'custom', path: ['url'], message });
  });

const withNaKept = (format: string, given: Record<string, unknown> = {}) =>
  TABULAR.includes(format)
    ? { keep_default_na: false, na_values: NA_VALUES, ...given }
    : { ...given };

/** The File source (airbyte/source-file 0.6): one file, one stream named dataset_name. */
export const file = z
  .strictObject({
    connector: z.literal('file').optional(),
    name: text.describe('The name of the source in Airbyte.'),
    connectionConfiguration: configuration,
  })
  .transform(({ name, connectionConfiguration: { reader_options, ...given } }) => ({
    connector: 'file' as const,
    name,
    connectionConfiguration: {
      ...given,
      reader_options: JSON.stringify(withNaKept(given.format, reader_options)),
    },
  }))
  .transform(asDefinition(DEFINITIONS.source.file));
