import { createHash } from 'node:crypto';
import { z } from 'zod';
import { overBy } from '../../concurrency/call-interest';
import type { CallInterest } from '../../concurrency/call-interest';
import { LASTING, whileWanted } from '../../concurrency/interest';
import { CallError } from '../../contract/call-error';
import { parseJson } from '../../contract/json';
import type { Opening } from '../fabric';
import type { FabricAnswer, FabricHttp } from '../http';
import type { Auth } from './settings';

/** The one resource of Entra ID that is Databricks, in every tenant. */
export const DATABRICKS_SCOPE = '2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default';
/** Azure itself, which says who may what with a workspace that he is no user of. */
export const AZURE_SCOPE = 'https://management.core.windows.net/.default';
/** Milliseconds before its end at which a token is made anew; a third of a life shorter than 15 min. */
const EARLY = 300_000;

const Discovery = z.object({ token_endpoint: z.url() });
const Granted = z.object({ access_token: z.string().min(1), expires_in: z.number().nonnegative() });

/** Whose token it is to be, and who gives it. */
interface Asked {
  fabric: string;
  root: string;
}

type Client = NonNullable<Auth['oauth']> | NonNullable<Auth['entra']>;

interface TokenDeps {
  /** As the configuration file calls it. */
  fabric: string;
  http: FabricHttp;
  /** The root of the workspace. */
  root: string;
  auth: Auth;
  /** What a token of Entra ID is for. */
  scope: string;
  secretOf: Opening['secretOf'];
}

const wanted = ({ fabric, root }: Asked) =>
  `Ask the platform operator to check auth of the fabric ${fabric} (${root}).`;

const refused = ({ status }: FabricAnswer, { what, ...asked }: Asked & { what: string }) => {
  const isRefused = status >= 400 && status < 500 && status !== 429;
  return new CallError(`${what} (status ${String(status)}).`, {
    kind: isRefused ? 'refused' : 'again',
    status,
    solution: isRefused
      ? wanted(asked)
      : 'Try again when Databricks gives tokens; the platform operator can see why it does not.',
    notLetIn: isRefused,
  });
};

const noToken = (giver: string, asked: Asked) =>
  new CallError(`${giver} had given no token when the time was up.`, {
    kind: 'again',
    solution: `Give it more time. If it is the same again: ${wanted(asked)}`,
    outOfTime: 'calling',
  });

const basic = (clientId: string, secret: string) =>
  `Basic ${Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString('base64')}`;

const FORM = 'application/x-www-form-urlencoded';

interface Request extends Asked {
  http: FabricHttp;
  interest: CallInterest;
}

/**
 * Where the workspace gives tokens. Only the path is taken of what it says: a client's secret goes to the
 * host that the operator gave, and to no other.
 */
const endpointOf = async ({ http, fabric, root, interest }: Request) => {
  const path = '/oidc/.well-known/oauth-authorization-server';
  const answer = await http({
    method: 'GET',
    root,
    path,
    operation: path,
    headers: { Accept: 'application/json' },
    writes: false,
    interest,
  });
  const found = Discovery.safeParse(parseJson(answer.text));
  if (answer.status === 200 && found.success) return new URL(found.data.token_endpoint).pathname;
  throw refused(answer, { fabric, root, what: 'Databricks does not tell where it gives tokens' });
};

const granted = (answer: FabricAnswer, at: Asked & { what: string }) => {
  const read = Granted.safeParse(parseJson(answer.text));
  if (answer.status === 200 && read.success) return read.data;
  throw refused(answer, at);
};

const oauthToken = async (request: Request, { clientId }: Client, secret: string) => {
  const path = await endpointOf(request);
  const answer = await request.http({
    ...request,
    method: 'POST',
    path,
    operation: path,
    headers: {
      Accept: 'application/json',
      'Content-Type': FORM,
      Authorization: basic(clientId, secret),
    },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope: 'all-apis' }).toString(),
    writes: false,
  });
  const what = `Databricks gives the service principal ${clientId} no token`;
  return granted(answer, { fabric: request.fabric, root: request.root, what });
};

const entraToken = async (
  { http, fabric, interest }: Request,
  { tenantId, clientId, authority }: NonNullable<Auth['entra']>,
  { secret, scope }: { secret: string; scope: string },
) => {
  const { origin: root, pathname } = new URL(authority);
  const answer = await http({
    method: 'POST',
    root,
    path: `${pathname.replace(/\/$/, '')}/${encodeURIComponent(tenantId)}/oauth2/v2.0/token`,
    operation: '/{tenant}/oauth2/v2.0/token',
    headers: { Accept: 'application/json', 'Content-Type': FORM },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: secret,
      scope,
    }).toString(),
    writes: false,
    interest,
  });
  return granted(answer, {
    fabric,
    root,
    what: `Entra ID gives the application ${clientId} no token`,
  });
};

const secretDigest = (secret: string) => createHash('sha256').update(secret).digest('hex');

interface Token {
  value: string;
  /** Epoch milliseconds from which on it is made anew. */
  renewAt: number;
}

/**
 * A token for the next call: the personal one as it is, or one of Databricks or Entra ID that all share,
 * asked for once however many wait for it; made anew before it ends, and when the secret is another.
 */
export const createTokens = ({ fabric, http, root, auth, scope, secretOf }: TokenDeps) => {
  let current: { of: string; asked: Promise<Token>; value?: string } | undefined;

  const ask = async (secret: string): Promise<Token> => {
    const request = { fabric, http, root, interest: LASTING };
    const { access_token: value, expires_in: seconds } = auth.entra
      ? await entraToken(request, auth.entra, { secret, scope })
      : await oauthToken(
          request,
          auth.oauth ?? { clientId: '', clientSecret: { secretRef: '' } },
          secret,
        );
    const life = seconds * 1000;
    return { value, renewAt: Date.now() + life - Math.min(EARLY, life / 3) };
  };

  const begin = (of: string, secret: string) => {
    const asked = ask(secret);
    const mine: NonNullable<typeof current> = { of, asked };
    current = mine;
    void asked.then(
      ({ value }) => (mine.value = value),
      () => {
        if (current === mine) current = undefined;
      },
    );
    return mine;
  };

  return {
    next: async (interest: CallInterest): Promise<string> => {
      if (auth.pat) return secretOf(auth.pat);
      const { clientSecret } = auth.entra ?? auth.oauth ?? {};
      const secret = clientSecret ? await secretOf(clientSecret) : '';
      const of = secretDigest(secret);
      const shared = current?.of === of ? current : begin(of, secret);
      const over = overBy(interest, () =>
        noToken(auth.entra ? 'Entra ID' : 'Databricks', {
          fabric,
          root: auth.entra?.authority ?? root,
        }),
      );
      const token = await whileWanted(interest, shared.asked, over);
      if (Date.now() < token.renewAt) return token.value;
      const renewed = current && current !== shared ? current : begin(of, secret);
      return (await whileWanted(interest, renewed.asked, over)).value;
    },
    /** One that was refused is not used again. */
    forget: (refusedOne: string) => {
      if (current?.value === refusedOne) current = undefined;
    },
  };
};
export type Tokens = ReturnType<typeof createTokens>;
