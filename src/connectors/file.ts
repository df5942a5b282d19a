import { z } from 'zod';

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

/** Airbyte's connector drops the scheme and always reads over https, so http is accepted too. */
const isReachable = (url: string) => URL.canParse(url) && /^https?:\/\/[^/]/i.test(url);

const ReaderOptions = z.record(z.string(), z.unknown());

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const readerOptions = z.unknown().transform((given, context) => {
  const options = ReaderOptions.safeParse(typeof given === 'string' ? parseJson(given) : given);
  if (options.success) return options.data;
  context.addIssue('must be a JSON object as text, for example {"sep": ";"}');
  return z.NEVER;
});

/** YAML 1.1 writers leave yes/no unquoted, which YAML 1.2 reads as text. */
const flag = z.union([z.boolean(), z.stringbool()]);

const configuration = z.strictObject({
  dataset_name: z.string().min(1),
  url: z.string().refine(isReachable, 'must be an https:// URL'),
  format: z
    .string()
    .toLowerCase()
    .pipe(
      z.enum([
        'csv',
        'json',
        'jsonl',
        'excel',
        'excel_binary',
        'fwf',
        'feather',
        'parquet',
        'yaml',
      ]),
    )
    .default('csv'),
  provider: z
    .strictObject({
      storage: z
        .string()
        .toUpperCase()
        .pipe(z.literal('HTTPS', 'must be HTTPS: other storages are not supported yet'))
        .default('HTTPS'),
      user_agent: flag.default(false),
    })
    .default({ storage: 'HTTPS', user_agent: false }),
  reader_options: readerOptions.optional(),
});

const withNaKept = (format: string, given: Record<string, unknown> = {}) =>
  TABULAR.includes(format)
    ? { keep_default_na: false, na_values: NA_VALUES, ...given }
    : { ...given };

/** The File source over HTTPS (airbyte/source-file): one file, one stream named dataset_name. */
export const file = z
  .strictObject({
    connector: z.literal('file'),
    name: z.string().min(1),
    connectionConfiguration: configuration,
  })
  .transform(({ connector, name, connectionConfiguration: { reader_options, ...given } }) => ({
    connector,
    name,
    definitionId: '778daa7c-feaf-4db6-96f3-70fd645acc77',
    configuration: {
      ...given,
      reader_options: JSON.stringify(withNaKept(given.format, reader_options)),
    },
  }));
