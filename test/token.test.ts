import { isToken, tokenFor } from '../src/runs/token';

const component = {
  environment: 'prod.eu-1',
  domain: 'finance',
  product: 'cash_flow',
  major: '0',
  component: 'payments',
  key: 'prod.eu-1/finance.cash_flow.0.payments',
};

test('a token is readable, safe in a URL, and the same for the same wish', () => {
  const token = tokenFor('provision', component.key, { a: 1, b: [2] });
  expect(token).toMatch(/^provision\.prod\.eu-1\.finance\.cash_flow\.0\.payments\.[0-9a-f]{12}$/);
  expect(isToken(token)).toBe(true);
  expect(tokenFor('provision', component.key, { b: [2], a: 1 })).toBe(token);
  expect(tokenFor('provision', component.key, { a: 1, b: [3] })).not.toBe(token);
  const { key } = component;
  expect(tokenFor('provision', key, { a: 1, b: [2], deployment: undefined })).toBe(token);
  expect(tokenFor('provision', key, { a: 1, b: [2], deployment: '0a' })).not.toBe(token);
});

test.each([
  '',
  'x',
  'provision.a',
  'deploy.a.b.0123456789ab',
  'validate.a.b.0123456789ab',
  'provision.a/b.0123456789ab',
  'provision.a.0123456789AB',
])('%p is no token', (text) => {
  expect(isToken(text)).toBe(false);
});
