import * as fc from 'fast-check';
import { z } from 'zod';

/* What nobody should be able to do harm with, wherever a value or a name stands. */

/** Stands in what is smuggled as a secret: must be seen in no answer and no log. */
export const SMUGGLED = 'smuggled-4b7e';

/** Credentials before a host, as parsers of URLs take them, and as some take them that others do not. */
export const SMUGGLING = [
  `https://admin:${SMUGGLED}@host.example.com/x`,
  `https://${SMUGGLED}@host.example.com/x`,
  `https://:${SMUGGLED}@host.example.com`,
  `HTTPS://Admin:${SMUGGLED}@[::1]:8443/`,
  `https:\\\\admin:${SMUGGLED}@host.example.com\\x`,
  `https:/admin:${SMUGGLED}@host.example.com`,
  `https:admin:${SMUGGLED}@host.example.com`,
  `ht\ttps://admin:${SMUGGLED}@host.example.com`,
  ` https://admin:${SMUGGLED}@host.example.com`,
  `https://host.example.com\\@${SMUGGLED}:x@other.example.com`,
  `https://admin:${SMUGGLED}%40x@host.example.com`,
];

const LONG = 'x'.repeat(70_000);

export const PROTOTYPE_KEYS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
];

/** With an own key of that name, which an assignment would not make. */
const polluting = fc
  .tuple(fc.constantFrom(...PROTOTYPE_KEYS), fc.constantFrom('{"polluted":true}', 'null', '"x"'))
  .map(([key, value]) => z.unknown().parse(JSON.parse(`{"${key}":${value}}`)));

const nested = (levels: number): unknown => {
  let value: unknown = 'deep';
  for (let level = 0; level < levels; level += 1) value = level % 2 ? [value] : { a: value };
  return value;
};

/** Texts with which one line becomes two, a path another, a name a command. */
export const TEXTS = [
  ...SMUGGLING,
  ...PROTOTYPE_KEYS,
  '../../etc/passwd',
  '..\\..\\windows',
  '%2e%2e%2f%2e%2e%2fetc',
  '/etc/passwd\u0000.csv',
  'a\u0000b',
  '\ud800',
  'x\udfffy',
  '\u2028"}\n{"level":60,"msg":"forged"}',
  'x\r\nX-Injected: yes',
  '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
  '{"level":60,"msg":"forged"}\n',
  '\u001b[2J\u001b[31mred',
  '\ufeffbom',
  '\u202etxt.exe',
  "'; DROP TABLE runs; --",
  "x' OR WorkflowId != '",
  '${jndi:ldap://x}',
  '{{7*7}}',
  '$(id)',
  '1e999',
  '-0',
  '9'.repeat(400),
  '0x7fffffff',
  LONG,
];

/** Values where others are expected. */
export const hostileValue = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom<unknown>(...TEXTS) },
  { weight: 2, arbitrary: polluting },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      1e308,
      -1e308,
      Number.MAX_SAFE_INTEGER + 2,
      5e-324,
      null,
      true,
      [],
      {},
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(20, 99, 101, 1500).map(nested) },
  { weight: 1, arbitrary: fc.constant(Array<string>(5000).fill('x')) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);
