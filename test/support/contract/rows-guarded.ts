import type { Row } from './rows';
import { CONTRACTS } from './schema';
import type { Behind } from './world';

/* What every operation answers where a configuration file says who may call. */

const ANSWERS: [Behind, Pick<Row, 'status' | 'shape' | 'when'>][] = [
  ['tokens', { status: 401, shape: 'RequestValidationError', when: 'no credential' }],
  [
    'another address',
    { status: 403, shape: 'RequestValidationError', when: 'an address that is not answered' },
  ],
  [
    'a used up rate',
    { status: 429, shape: 'RequestValidationError', when: 'one request too many in this minute' },
  ],
  ['a full audit', { status: 503, shape: 'SystemError', when: 'an audit that cannot be written' }],
];

export const GUARDED: Row[] = CONTRACTS['2.5.0'].operations.flatMap(
  ({ operationId, method, path }) =>
    ANSWERS.map(([behind, answer]) => ({
      operation: operationId,
      method,
      path: path.replace(/\{\w+\}/, '{token}'),
      behind,
      ...(path.includes('{') && { token: ({ completed }) => completed }),
      ...(method === 'POST' && { body: () => '{}' }),
      ...answer,
    })),
);
