// A real OpenID provider on this machine, to try the gateway with (docs/tenancy.md). It keeps nothing.
// Tests start it with --for-tests: it then takes a free port, prints its key, of which they forge tokens,
// and changes it at each line of its input.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const API = 'urn:airbyte-provisioner';

const newKey = () => ({
  ...generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' }),
  kid: randomUUID(),
  alg: 'RS256',
  use: 'sig',
});

const CIBA = 'urn:openid:params:grant-type:ciba';

const client = (id, groups = []) => ({
  client_id: id,
  client_secret: `${id}-secret`,
  grant_types: ['client_credentials', CIBA],
  backchannel_token_delivery_mode: 'poll',
  redirect_uris: [],
  response_types: [],
  id_token_signed_response_alg: 'RS256',
  'x-groups': groups,
});

const CLIENTS = [
  client('witboost-coordinator'),
  client('fin-engineer', ['fin-engineers']),
  client('fin-reader', ['fin']),
  client('fin-operator', ['fin-operators']),
  client('mkt-engineer', ['mkt-engineers']),
  client('platform-operator', ['platform-ops']),
  client('nobody'),
];

/** Whoever is named signs in and agrees at once, so that a client gets an ID token without a browser. */
const signIn = async ({ oidc: { provider } }, request, { accountId }, { clientId }) => {
  const grant = new provider.Grant({ accountId, clientId });
  grant.addOIDCScope('openid');
  await grant.save();
  await provider.backchannelResult(request, grant);
};

const groupsOf = (id) => CLIENTS.find((each) => each.client_id === id)?.['x-groups'] ?? [];

const configuration = (keys) => ({
  jwks: { keys },
  clients: CLIENTS,
  extraClientMetadata: { properties: ['x-groups'] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
    ciba: {
      enabled: true,
      deliveryModes: ['poll'],
      processLoginHint: (_ctx, hint) => hint,
      processLoginHintToken: () => undefined,
      validateBindingMessage: () => undefined,
      validateRequestContext: () => undefined,
      verifyUserCode: () => undefined,
      triggerAuthenticationDevice: signIn,
    },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => API,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, resource) => ({
        scope: 'deploy',
        audience: resource,
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  claims: { openid: ['sub', 'groups'] },
  conformIdTokenClaims: false,
  findAccount: (_ctx, id) => ({ accountId: id, claims: () => ({ sub: id, groups: groupsOf(id) }) }),
  extraTokenClaims: (_ctx, token) => ({ groups: token.client?.['x-groups'] ?? [] }),
});

const FOR_TESTS = process.argv.includes('--for-tests');
const PORT = FOR_TESTS ? 0 : Number(process.env.IDENTITY_PORT ?? 8096);

let keys = [newKey()];
let callback;
const server = createServer((req, res) => callback(req, res));
server.listen(PORT, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const begin = () => {
    callback = new Provider(issuer, configuration(keys)).callback();
  };
  const tell = () => {
    if (!FOR_TESTS) {
      console.log(`Identity provider  ${issuer}`);
      for (const { client_id, client_secret, 'x-groups': groups } of CLIENTS)
        console.log(
          `  ${client_id}, secret ${client_secret}, groups: ${groups.join(', ') || 'none'}`,
        );
      return;
    }
    process.stdout.write(`${JSON.stringify({ issuer, kid: keys[0].kid, key: keys[0] })}\n`);
  };
  begin();
  tell();
  if (!FOR_TESTS) return;
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      // The new one signs; the former stays for those who have a token of it, as providers do it.
      keys = line === 'forget' ? [newKey()] : [newKey(), ...keys];
      begin();
      tell();
    })
    .on('close', () => process.exit(0));
});
