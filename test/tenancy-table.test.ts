import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../scripts/child';
import { descriptor, request } from './support/fixtures';
import { startTenants } from './support/tenants';
import type { Place, Tenants } from './support/tenants';

/*
 * What each caller may do in a deployment for two teams and two environments, asked over HTTP. The table of
 * docs/tenancy.md is what was answered: RECORD_TENANCY_TABLE=1 writes it, else the two are compared.
 */

const DOCUMENT = path.join(ROOT, 'docs', 'tenancy.md');
const PRETTIER = path.join(ROOT, 'node_modules', 'prettier', 'bin', 'prettier.cjs');
const BEGIN = '<!-- table: who may do what -->';
const END = '<!-- end -->';

let tenants: Tenants;
let ended: Record<'finance' | 'marketing', string>;
beforeAll(async () => {
  tenants = await startTenants();
  const run = async (domain: string) => {
    const place = { domain, environment: tenants.names.development };
    const { text } = await tenants.ask('witboost-coordinator', 'provision', place);
    await tenants.finished(text);
    return text;
  };
  ended = { finance: await run('finance'), marketing: await run('marketing') };
});
afterAll(() => tenants.stop());

const CALLERS: [string, string | undefined][] = [
  ['no credential', undefined],
  ['of no group', 'nobody'],
  ['`reader` of finance', 'fin-reader'],
  ['`deployer` of finance', 'fin-engineer'],
  ['`operator` of finance', 'fin-operator'],
  ['`deployer` of marketing', 'mkt-engineer'],
  ['Coordinator', 'witboost-coordinator'],
  ['platform operator', 'platform-operator'],
];

type Ask = (client: string | undefined) => Promise<{ status: number; text: string }>;

const sent =
  (operation: string, place: Partial<Place>, more: object = {}): Ask =>
  (client) => {
    const { development } = tenants.names;
    const whole = { domain: 'finance', environment: development, ...place };
    return tenants.ask(client, operation, whole, more);
  };
const inProduction =
  (operation: string, domain: string): Ask =>
  (client) =>
    sent(operation, { domain, environment: tenants.names.production })(client);
const called =
  (
    method: string,
    at: (token: string) => string,
    team: 'finance' | 'marketing',
    body?: object,
  ): Ask =>
  (client) =>
    tenants.call(client, method, at(ended[team]), body);

const DRY = { failed: true, dryRun: true };
const status = (token: string) => `/v1/provision/${token}/status`;
const page = (token: string) => `/operations/runs/${token}`;
const S = (fabric: string) => ({ destination: { name: 'S', fabric } });

const financeText = () => descriptor({ environment: tenants.names.development });
const asked = (client: string | undefined, at: string) =>
  tenants.call(client, 'POST', at, request(financeText()));
const access: Ask = (client) =>
  tenants.call(client, 'POST', '/v1/updateacl', {
    refs: [],
    provisionInfo: { request: financeText() },
  });
const reverse: Ask = (client) =>
  tenants.call(client, 'POST', '/v1/reverse-provisioning', {
    useCaseTemplateId: 'urn:dmb:utm:airbyte-standard:0.0.0',
    environment: tenants.names.development,
    params: { connectionName: 'none' },
  });

const cancel = (token: string) => `${page(token)}/cancel`;
/** The one that was replayed before: while it goes on, the answer is another. */
const cancelEnded: Ask = async (client) => {
  await tenants.finished(ended.finance);
  return called('POST', cancel, 'finance', {})(client);
};

const ACTS: [string, Ask][] = [
  ['validate, finance in development', sent('validate', {})],
  ['provision, finance in development', sent('provision', {})],
  ['… in production', inProduction('provision', 'finance')],
  ['… with a fabric of marketing', sent('provision', S('marketing-dev'))],
  ['unprovision, finance in development', sent('unprovision', {})],
  ['updateacl, finance in development', access],
  ['plan, finance in development', sent('plan', {})],
  ['v2/validate, finance in development', (client) => asked(client, '/v2/validate')],
  ['reverse provisioning in development', reverse],
  ['provision, marketing in development', sent('provision', { domain: 'marketing' })],
  ['… in production, which it does not have', inProduction('provision', 'marketing')],
  ['provision of a domain of nobody', sent('provision', { domain: 'hr' })],
  ['status of a run of finance', called('GET', status, 'finance')],
  ['status of a run of marketing', called('GET', status, 'marketing')],
  ['end a run of finance', called('DELETE', (token) => `/v1/provision/${token}`, 'finance')],
  ['list of runs', called('GET', () => '/operations/runs', 'finance')],
  ['page of a run of finance', called('GET', page, 'finance')],
  ['page of a run of marketing', called('GET', page, 'marketing')],
  [
    'replay a run of finance',
    called('POST', (token) => `${page(token)}/replay`, 'finance', { force: true }),
  ],
  ['replay what has failed', called('POST', () => '/operations/runs/replay', 'finance', DRY)],
  ['cancel a run of finance', cancelEnded],
  ['cancel a run of marketing', called('POST', cancel, 'marketing', {})],
];

/** Of a token that never was every answer is the same, but for its name: so is that of a foreign one. */
const isUnknown = (text: string) => text.includes('there is no run with the token');

const wordFor = ({ status: code, text }: { status: number; text: string }) => {
  if (isUnknown(text)) return `unknown (${String(code)})`;
  if (code < 300) return code === 202 ? '**202**' : '**yes**';
  return String(code);
};

const row = (cells: string[]) => `| ${cells.join(' | ')} |`;

const tableNow = async () => {
  const rows: string[][] = [];
  for (const [act, ask] of ACTS) {
    const answers = await Promise.all(CALLERS.map(([, client]) => ask(client)));
    rows.push([act, ...answers.map(wordFor)]);
  }
  const head = ['', ...CALLERS.map(([name]) => name)];
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
};

test('the table of docs/tenancy.md is what a deployment answers', async () => {
  const document = readFileSync(DOCUMENT, 'utf8');
  const [before = '', rest = ''] = document.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  const now = `${before}${BEGIN}\n\n${await tableNow()}\n\n${after}`;
  const formatted = execFileSync(process.execPath, [PRETTIER, '--stdin-filepath', DOCUMENT], {
    input: now,
    encoding: 'utf8',
  });
  if (process.env.RECORD_TENANCY_TABLE) writeFileSync(DOCUMENT, formatted);
  expect(formatted).toBe(readFileSync(DOCUMENT, 'utf8'));
});
