import { z } from 'zod';
import type { Answer } from '../../steering/answers';
import { type Access, createAccess, mayUse, type Session } from '../account/access';
import type { Account } from '../account/account';

const BINDING_TYPES = [
  'BINARY',
  'BOOLEAN',
  'DATE',
  'FIXED',
  'REAL',
  'TEXT',
  'TIME',
  'TIMESTAMP_LTZ',
  'TIMESTAMP_NTZ',
  'TIMESTAMP_TZ',
] as const;

const PARAMETERS = [
  'binary_output_format',
  'date_output_format',
  'multi_statement_count',
  'query_tag',
  'time_output_format',
  'timestamp_ltz_output_format',
  'timestamp_ntz_output_format',
  'timestamp_output_format',
  'timestamp_tz_output_format',
  'timezone',
];

/** Seconds: seven days. */
const MAX_TIMEOUT = 604_800;

const Parameters = z
  .record(z.string(), z.union([z.string(), z.number()]))
  .refine((given) => Object.keys(given).every((name) => PARAMETERS.includes(name.toLowerCase())))
  .transform((given) =>
    Object.fromEntries(Object.entries(given).map(([name, value]) => [name.toLowerCase(), value])),
  );

const name = z.string().min(1).optional();

/** The body of a submission: what is not in the description of the API is refused. */
export const Body = z.strictObject({
  statement: z.string().min(1),
  timeout: z.int().min(0).max(MAX_TIMEOUT).optional(),
  database: name,
  schema: name,
  warehouse: name,
  role: name,
  bindings: z
    .record(
      z.string().regex(/^[1-9]\d*$/),
      z.strictObject({ type: z.enum(BINDING_TYPES), value: z.string().nullable() }),
    )
    .default({}),
  parameters: Parameters.default({}),
});
export type Body = z.output<typeof Body>;

/** Seconds; 0 is as long as there is. */
export const timeoutOf = ({ timeout = 0 }: Body) => (timeout === 0 ? MAX_TIMEOUT : timeout);

/** How many statements it says it has: 1 unless it says so, 0 for any number. */
export const countOf = ({ parameters }: Body) => Number(parameters.multi_statement_count ?? 1);

const wrongRole = (role: string): Answer => ({
  status: 403,
  body: {
    code: '390189',
    message: `Role '${role}' specified in the connect string does not exist or not authorized. Contact your local system administrator, or attempt to login with another role, e.g. PUBLIC.`,
  },
});

const ifAny = <Thing>(find: () => Thing): Thing | undefined => {
  try {
    return find();
  } catch {
    return undefined;
  }
};

/** Only what this role may use is current. */
const currentOf = (access: Access, body: Body, warehouse: string) => {
  const { database, schema } = body;
  const known = database !== undefined && ifAny(() => access.database(database));
  const around = known && schema !== undefined && ifAny(() => access.schema([known.name, schema]));
  return {
    warehouse: ifAny(() => access.warehouse(warehouse).name),
    database: known ? known.name : undefined,
    schema: around ? around.name : undefined,
  };
};

/** As whom a statement runs, and where. */
export const sessionOf = (account: Account, user: string, body: Body): Session | Answer => {
  const { defaultRole = 'PUBLIC', defaultWarehouse = '' } = account.users.get(user) ?? {};
  const role = body.role ?? defaultRole;
  if (!account.roles.has(role) || !mayUse(account, user, role)) return wrongRole(role);
  const access = createAccess(account, { user, role });
  return { user, role, ...currentOf(access, body, body.warehouse ?? defaultWarehouse) };
};
