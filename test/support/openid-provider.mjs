// A real OpenID provider on a free port of this machine: node openid-provider.mjs [ISSUER_PATH]
// Its parent tells it on its input to change keys; it prints one line of JSON for each that it did.
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

const client = (id, groups = []) => ({
  client_id: id,
  client_secret: `${id}-secret`,
  grant_types: ['client_credentials'],
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

const configuration = (keys) => ({
  jwks: { keys },
  clients: CLIENTS,
  extraClientMetadata: { properties: ['x-groups'] },
  features: {
    clientCredentials: { enabled: true },
    devInteractions: { enabled: false },
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
  extraTokenClaims: (_ctx, token) => ({ groups: token.client?.['x-groups'] ?? [] }),
});

let keys = [newKey()];
let callback;
const server = createServer((req, res) => callback(req, res));
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const begin = () => {
    callback = new Provider(issuer, configuration(keys)).callback();
  };
  const tell = () => {
    process.stdout.write(`${JSON.stringify({ issuer, kid: keys[0].kid, key: keys[0] })}\n`);
  };
  begin();
  tell();
  createInterface({ input: process.stdin })
    .on('line', (line) => {
      // The new one signs; the former stays for those who have a token of it, as providers do it.
      keys = line === 'forget' ? [newKey()] : [newKey(), ...keys];
      begin();
      tell();
    })
    .on('close', () => process.exit(0));
});
