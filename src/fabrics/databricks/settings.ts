import { z } from 'zod';
import { closed } from '../../reading/closed-objects';
import { address, secret, text } from '../../reading/values';
import { owned } from '../owned';
import { principalsBut } from '../principals';
import { isEverybody } from './names';

const OAuth = closed(
  z.strictObject({
    clientId: text.meta({ description: 'The application id of a service principal' }),
    clientSecret: secret,
  }),
);

const Entra = closed(
  z.strictObject({
    tenantId: text.regex(/^[\w.-]+$/, 'must be an id or a domain').meta({
      description: 'The tenant of Microsoft Entra ID',
    }),
    clientId: text.meta({ description: 'The application id of a service principal' }),
    clientSecret: secret,
    authority: address.default('https://login.microsoftonline.com').meta({
      description: 'Where tokens are made: another one for a sovereign cloud',
    }),
    workspaceResourceId: text
      .regex(
        /^\/subscriptions\/[^/\s]+\/resourceGroups\/[^/\s]+\/providers\/Microsoft\.Databricks\/workspaces\/[^/\s]+$/i,
        'must be the id of a workspace in Azure: /subscriptions/…/resourceGroups/…/providers/Microsoft.Databricks/workspaces/…',
      )
      .optional()
      .meta({ description: 'Of the workspace in Azure, where the principal is no user of it' }),
  }),
);

const isOne = (given: object) =>
  Object.values(given).filter((value) => value !== undefined).length === 1;

/** How somebody proves himself to a workspace. */
const Auth = closed(
  z
    .strictObject({
      pat: secret.optional().meta({ description: 'A personal access token' }),
      oauth: OAuth.optional(),
      entra: Entra.optional(),
    })
    .refine(isOne, 'must have pat, oauth or entra, and only one of them'),
);
export type Auth = z.output<typeof Auth>;

/** What Airbyte's destination takes. */
const AirbyteAuth = closed(
  z
    .strictObject({
      pat: secret.optional().meta({ description: 'A personal access token' }),
      oauth: OAuth.optional(),
    })
    .refine(isOne, 'must have pat or oauth, and only one of them'),
);

const Manage = closed(
  z
    .strictObject({
      schema: z.boolean().default(false).meta({
        description: 'Whether the schema of a component is made, and dropped with its data',
      }),
      access: z.boolean().default(false).meta({
        description:
          'Whether updateacl grants the data, on the schema of each component; needs `schema`',
      }),
      catalogUse: z.boolean().default(false).meta({
        description:
          'Whether USE CATALOG is granted, too, to whom it lacks; else the owner of the catalog has granted it',
      }),
      by: Auth.optional().meta({ description: 'Who makes and grants, instead of `auth`' }),
    })
    .refine(({ schema, access }) => schema || !access, {
      path: ['access'],
      message: 'needs schema: true, as it is the schema that says whose it is',
    }),
);

const isRoot = (url: string) => !URL.canParse(url) || new URL(url).pathname === '/';

const host = address.refine(isRoot, 'must be the root of a workspace, without a path');

/** It is a part of a URL, and of SQL. */
export const CatalogName = text
  .max(255)
  .regex(/^[^./\s]+$/, 'must be the name of a catalog: no dot, no slash, no space');

/** Calls that are in flight at once, unless the file says otherwise. */
const DEFAULT_IN_FLIGHT = 4;

export const DatabricksSettings = closed(
  z.strictObject({
    type: z.literal('databricks').meta({ description: '`databricks`' }),
    ...owned,
    host: host.meta({ description: 'One workspace: `https://adb-1.2.azuredatabricks.net`' }),
    warehouseId: text
      .regex(/^[\w-]+$/, 'must be the id of a SQL warehouse')
      .meta({ description: 'One SQL warehouse' }),
    httpPath: text.optional().meta({
      description: 'Of the warehouse, for Airbyte; without it `/sql/1.0/warehouses/` and its id',
    }),
    catalog: CatalogName.meta({ description: 'One catalog of Unity Catalog' }),
    auth: Auth.meta({ description: 'Whom Airbyte writes as, and who manages' }),
    airbyteAuth: AirbyteAuth.optional().meta({
      description: 'Whom Airbyte writes as instead; required with `entra`, which it does not take',
    }),
    cluster: text
      .regex(/^[\w-]+$/, 'must be the id of a cluster')
      .optional()
      .meta({ description: 'For commands: `0101-123456-abcde`' }),
    startCluster: z.boolean().default(false).meta({
      description: 'Whether a cluster that is terminated is started for a command',
    }),
    acceptTerms: z
      .boolean()
      .default(true)
      .refine((accepted) => accepted, 'must be true, or Airbyte cannot write')
      .meta({
        description: 'That the terms of Databricks’ JDBC driver are agreed to, as Airbyte demands',
      }),
    manage: Manage.prefault({}).meta({ description: 'What is made and granted in the catalog' }),
    principals: principalsBut(isEverybody),
    maxInFlight: z.int().min(1).max(100).default(DEFAULT_IN_FLIGHT).meta({
      description: 'Calls to the workspace at once, of each worker',
    }),
  }),
);
export type DatabricksSettings = z.output<typeof DatabricksSettings>;
