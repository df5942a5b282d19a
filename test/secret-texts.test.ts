import { MASK, maskRecord, secretsIn } from '../src/secrets/masking';

const TELLING = [
  'user=reader&password=hunter2',
  'user=reader;Password=hunter2;',
  'https://files.example.com/a.csv#access_token=abc',
  'https://files.example.com/a.csv?pwd=abc',
  'https://files.example.com/a.csv?sv=2024&sig=abc',
  'https://reader:hunter2@files.example.com/a.csv',
  'jdbc:postgresql://erp.example.com/erp?user=reader&password=hunter2',
  'Bearer abcdefghijklmnop',
  '{"storage_options":{"Authorization":"Bearer abcdefghijklmnop"}}',
];

const HARMLESS = [
  'ssl=true&loginTimeout=30',
  'password=',
  'https://files.example.com/a.csv?version=3#token',
  'tokens=3&passwordless=true',
  'SELECT 1 WHERE token = 2',
  '{"sep":";","header":null}',
  'Basic income of 2027',
  'a=b',
];

test.each(TELLING)('a secret in a text is found, and masked: %s', (text) => {
  expect(secretsIn({ field: text })).toEqual([['field']]);
  expect(maskRecord({ field: text })).toEqual({ field: MASK });
});

test.each(HARMLESS)('a text without one is none: %s', (text) => {
  expect(secretsIn({ field: text })).toEqual([]);
  expect(maskRecord({ field: text })).toEqual({ field: text });
});
