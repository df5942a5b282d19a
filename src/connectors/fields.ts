import { z } from 'zod';

/** What a connector may derive defaults from. */
export interface Product {
  name: string;
  domain: string;
  major: string;
}

const REFERENCE = 'must be { secretRef: NAME }: the secret itself never stands in a descriptor';

/** A secret by its name, which the worker looks up just before the call (src/secrets/references.ts). */
export const secret = z
  .strictObject(
    {
      secretRef: z
        .string()
        .regex(
          /^[\w.-]*[\w-][\w.-]*$/,
          'must be a name of letters, digits, dots, dashes, underscores',
        )
        .describe('The name the platform operator gave the secret.'),
    },
    {
      error: ({ code, input }) =>
        code === 'invalid_type' && input !== undefined ? REFERENCE : undefined,
    },
  )
  .describe('A secret, by reference.');

export const text = z.string().min(1);

/** YAML 1.1 writers leave yes/no unquoted, which YAML 1.2 reads as text. */
export const flag = z.union([z.boolean(), z.stringbool()], 'must be true or false');

const PORT = 'must be a port number';
export const port = (fallback: number) =>
  z
    .union(
      [
        z.int().min(0).max(65535),
        z
          .string()
          .regex(/^\d{1,5}$/)
          .transform(Number),
      ],
      PORT,
    )
    .default(fallback);

/** Written in any case. */
export const anyCase = <Values extends readonly string[]>(values: Values) =>
  z.preprocess(
    (given) =>
      typeof given === 'string'
        ? (values.find((value) => value.toLowerCase() === given.toLowerCase()) ?? given)
        : given,
    z.enum(values),
  );

/** A blank counts as absent, as the wizard leaves optional fields empty. */
export const orElse = (fallback: string) =>
  z
    .string()
    .default('')
    .transform((given) => given.trim() || fallback);

/** What a product's data is called where upper case is usual: `CASHFLOW_0`. */
export const upperName = ({ name, major }: Product) =>
  `${name.replace(/\s/g, '').toUpperCase()}_${major}`;

/** The same where lower case is, and nothing but letters, digits and underscores: `cash_flow_0`. */
export const lowerName = ({ name, major }: Product) =>
  `${name.trim().toLowerCase().replace(/\W+/g, '_')}_${major}`;

interface Given<Connector extends string> {
  connector: Connector;
  name: string;
  connectionConfiguration: Record<string, unknown>;
  fabric?: string | undefined;
}

/** The end of every connector: its piece of the descriptor, as Airbyte's definition wants it. */
export const asDefinition =
  (definitionId: string) =>
  <Connector extends string>({
    connector,
    name,
    connectionConfiguration,
    fabric,
  }: Given<Connector>) => ({
    connector,
    name,
    definitionId,
    configuration: connectionConfiguration,
    ...(fabric !== undefined && { fabric }),
  });
