import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { ok } from '../steering/answers';
import { digestOf } from '../steering/requests';
import { type ApiRequest, type Operation, readBody } from './operation';
import {
  doesNotExist,
  invalidAccessToken,
  noCredential,
  notAUser,
  oauthProblem,
  tokenExpired,
  wrongAzureHeaders,
} from './problems';
import { type Principal, principalNamed, type Store, type Token } from './store';

/** What Entra ID calls Azure Databricks. */
const DATABRICKS_SCOPE = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default';

/** And Azure itself. */
const AZURE_SCOPE = 'https://management.core.windows.net/.default';
/** Whose tokens are for what. */
const KINDS: Partial<Record<string, Token['kind']>> = {
  [DATABRICKS_SCOPE]: 'entra',
  [AZURE_SCOPE]: 'azure',
};

export interface TokenSettings {
  /** Of the service principal that OAuth and Entra ID know. */
  clientId: string;
  /** Of Entra ID. */
  tenantId: string;
  workspaceId: string;
  /** In Azure; with it the service principal of Entra ID is no user of the workspace. Absent: it is one. */
  resourceId?: string | undefined;
  /** Seconds. */
  tokenLifetime: number;
}

const isAlive = ({ revoked, expiresAt }: Token) =>
  !revoked && (expiresAt === undefined || expiresAt > Date.now());

const TokenForm = z.looseObject({
  grant_type: z.string().optional(),
  scope: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
});

const formOf = (body: unknown) => {
  const read = TokenForm.safeParse(body ?? {});
  if (!read.success) throw oauthProblem(400, 'invalid_request', 'The form could not be read.');
  const { grant_type: grantType } = read.data;
  if (grantType === undefined)
    throw oauthProblem(400, 'invalid_request', 'grant_type is required.');
  if (grantType !== 'client_credentials')
    throw oauthProblem(400, 'unsupported_grant_type', `${grantType} is not supported.`);
  return read.data;
};

const basicOf = (authorization: string) => {
  const encoded = /^Basic (.+)$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const [id = '', ...secret] = Buffer.from(encoded, 'base64').toString().split(':');
  return { id: decodeURIComponent(id), secret: decodeURIComponent(secret.join(':')) };
};

interface NewToken {
  kind: Token['kind'];
  principal: string;
  /** Seconds; without, it never expires. */
  lifetime: number | undefined;
  comment?: string;
  value?: string;
}

const issue = (store: Store, { kind, principal, lifetime, comment = '', value }: NewToken) => {
  const made = kind === 'pat' ? `dapi${randomBytes(16).toString('hex')}` : undefined;
  const secret = value ?? made ?? `eyJ${randomBytes(48).toString('base64url')}`;
  const createdAt = Date.now();
  const token: Token = {
    kind,
    id: digestOf(randomUUID()),
    sha256: digestOf(secret),
    principal,
    comment,
    createdAt,
    expiresAt: lifetime === undefined ? undefined : createdAt + lifetime * 1000,
    revoked: false,
  };
  store.tokens.set(token.sha256, token);
  return { secret, token };
};

/** A personal access token that is known from the start. */
export const seedToken = (store: Store, principal: string, value: string) =>
  issue(store, { kind: 'pat', principal, lifetime: undefined, comment: 'seeded', value });

const describeToken = ({ id, createdAt, expiresAt, comment }: Token) => ({
  token_id: id,
  creation_time: createdAt,
  expiry_time: expiresAt ?? -1,
  comment,
});

const tokenOf = (store: Store, authorization: string) => {
  const secret = /^Bearer (.+)$/i.exec(authorization)?.[1];
  if (secret === undefined) throw noCredential();
  return { token: store.tokens.get(digestOf(secret)), isPersonal: secret.startsWith('dapi') };
};

export const AZURE_HEADERS = {
  token: 'x-databricks-azure-sp-management-token',
  resourceId: 'x-databricks-azure-workspace-resource-id',
} as const;

/** What came with a call to let it in. */
export interface Shown {
  authorization: string;
  /** As a header has it; undefined: it has not come. */
  azureToken?: string | undefined;
  resourceId?: string | undefined;
}

/** Both headers or none, from whom Azure knows, for this workspace and no other. */
const checkAzure = (store: Store, { azureToken, resourceId: given }: Shown, wanted: string) => {
  if (azureToken === undefined && given === undefined) throw notAUser();
  if (azureToken === undefined || given === undefined)
    throw wrongAzureHeaders('Both headers of Azure are required.');
  if (given.toLowerCase() !== wanted.toLowerCase())
    throw wrongAzureHeaders('The resource id is not that of this workspace.');
  const token = store.tokens.get(digestOf(azureToken));
  if (token?.kind !== 'azure' || !isAlive(token)) throw tokenExpired();
};

/** Whose token it is, or the refusal. `resourceId`: of a workspace that Entra ID's principal is no user of. */
export const callerOf = (store: Store, shown: Shown, resourceId?: string): Principal => {
  const { token, isPersonal } = tokenOf(store, shown.authorization);
  const isLetIn = token && token.kind !== 'azure' && isAlive(token);
  const principal = isLetIn ? principalNamed(store, token.principal) : undefined;
  if (!principal?.active)
    throw isPersonal || token?.kind === 'pat' ? invalidAccessToken() : tokenExpired();
  const isOfAzure = token?.kind === 'entra' && resourceId !== undefined;
  if (isOfAzure) checkAzure(store, shown, resourceId);
  else if (shown.azureToken !== undefined || shown.resourceId !== undefined)
    throw wrongAzureHeaders('The caller is a user of the workspace, or it is none of Azure.');
  return principal;
};

/** From now on the caller's token is an expired one. */
export const expireToken = (store: Store, authorization: string) => {
  const { token } = tokenOf(store, authorization);
  if (token) token.expiresAt = Date.now() - 1;
};

const Creation = z.strictObject({
  lifetime_seconds: z.int().min(1).optional(),
  comment: z.string().optional(),
});
const Deletion = z.strictObject({ token_id: z.string().min(1) });

const personalTokenOperations = (store: Store): Operation[] => [
  {
    id: 'createToken',
    method: 'post',
    paths: ['/api/2.0/token/create'],
    run: ({ caller, body }) => {
      const { lifetime_seconds: lifetime, comment = '' } = readBody(Creation, body);
      const { secret, token } = issue(store, {
        kind: 'pat',
        principal: caller.name,
        lifetime,
        comment,
      });
      return ok({ token_value: secret, token_info: describeToken(token) });
    },
  },
  {
    id: 'listTokens',
    method: 'get',
    paths: ['/api/2.0/token/list'],
    run: ({ caller }) =>
      ok({
        token_infos: [...store.tokens.values()]
          .filter((each) => each.kind === 'pat' && each.principal === caller.name)
          .filter(isAlive)
          .map(describeToken),
      }),
  },
  {
    id: 'deleteToken',
    method: 'post',
    paths: ['/api/2.0/token/delete'],
    run: ({ caller, body }) => {
      const { token_id: id } = readBody(Deletion, body);
      const token = [...store.tokens.values()].find((each) => each.id === id);
      if (token?.principal !== caller.name || token.revoked)
        throw doesNotExist(`Token with id ${id} does not exist.`);
      token.revoked = true;
      return ok({});
    },
  },
];

const grantOf = (store: Store, { clientId, tokenLifetime }: TokenSettings, kind: Token['kind']) => {
  const { secret } = issue(store, { kind, principal: clientId, lifetime: tokenLifetime });
  return { access_token: secret, token_type: 'Bearer', expires_in: Math.floor(tokenLifetime) };
};

const discovery = (host: string) => ({
  issuer: `http://${host}/oidc`,
  authorization_endpoint: `http://${host}/oidc/v1/authorize`,
  token_endpoint: `http://${host}/oidc/v1/token`,
  grant_types_supported: ['client_credentials'],
  token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
  scopes_supported: ['all-apis'],
});

/** Databricks' own: OAuth machine-to-machine. */
const issueToken = (store: Store, settings: TokenSettings, request: ApiRequest) => {
  const form = formOf(request.body);
  const { id, secret } = basicOf(request.authorization) ?? {
    id: form.client_id ?? '',
    secret: form.client_secret ?? '',
  };
  if (id !== settings.clientId || secret !== store.clientSecret)
    throw oauthProblem(401, 'invalid_client', 'Client authentication failed');
  if (form.scope !== 'all-apis')
    throw oauthProblem(400, 'invalid_scope', `Scope ${form.scope ?? ''} is not all-apis.`);
  return ok({ ...grantOf(store, settings, 'oauth'), scope: 'all-apis' });
};

/** Of Entra ID: the same service principal, with the same secret, and another scope. */
const issueEntraToken = (store: Store, settings: TokenSettings, request: ApiRequest) => {
  const form = formOf(request.body);
  const refuse = (status: number, error: string, code: number, text: string) =>
    oauthProblem(status, error, `AADSTS${String(code)}: ${text}`, { error_codes: [code] });
  if (request.params.tenant !== settings.tenantId)
    throw refuse(
      400,
      'invalid_request',
      90002,
      `Tenant '${String(request.params.tenant)}' not found.`,
    );
  if (form.client_id !== settings.clientId)
    throw refuse(
      400,
      'unauthorized_client',
      700016,
      'The application was not found in the directory.',
    );
  if (form.client_secret !== store.clientSecret)
    throw refuse(401, 'invalid_client', 7000215, 'Invalid client secret provided.');
  const kind = KINDS[form.scope ?? ''];
  if (!kind)
    throw refuse(400, 'invalid_scope', 70011, `The scope ${form.scope ?? ''} is not valid.`);
  return ok({ ...grantOf(store, settings, kind), ext_expires_in: settings.tokenLifetime });
};

/** How callers come by a token: from Databricks, from Entra ID, and their own. */
export const tokenOperations = (store: Store, settings: TokenSettings): Operation[] => [
  {
    id: 'getHostMetadata',
    method: 'get',
    paths: ['/.well-known/databricks-config'],
    anonymous: true,
    run: ({ host }) =>
      ok({
        oidc_endpoint: `http://${host}/oidc`,
        workspace_id: settings.workspaceId,
        host_type: 'workspace',
      }),
  },
  {
    id: 'getOAuthEndpoints',
    method: 'get',
    paths: ['/oidc/.well-known/oauth-authorization-server'],
    anonymous: true,
    run: ({ host }) => ok(discovery(host)),
  },
  {
    id: 'issueToken',
    method: 'post',
    paths: ['/oidc/v1/token'],
    changes: false,
    anonymous: true,
    run: (request) => issueToken(store, settings, request),
  },
  {
    id: 'issueEntraToken',
    method: 'post',
    paths: ['/:tenant/oauth2/v2.0/token'],
    changes: false,
    anonymous: true,
    run: (request) => issueEntraToken(store, settings, request),
  },
  ...personalTokenOperations(store),
];

/** Of `DELETE /_simulator/tokens`: those of a kind, or all, revoked or expired. */
export const endTokens = (store: Store, how: 'revoke' | 'expire', kind?: Token['kind']) => {
  const ended = [...store.tokens.values()].filter(
    (each) => kind === undefined || each.kind === kind,
  );
  for (const token of ended)
    if (how === 'revoke') token.revoked = true;
    else token.expiresAt = Date.now() - 1;
  return ended.length;
};
