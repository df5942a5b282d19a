import type { schemas } from './schema';
import type { Behind, Tokens } from './world';

/* A row of the contract table: a request, and how it is answered. */

export type Shape = keyof typeof schemas | 'token' | 'nothing';

export interface Row {
  /** The contract's operationId, or what the request met instead. */
  operation: string;
  status: number;
  shape: Shape;
  when: string;
  method: string;
  path: string;
  /** What stands for `{token}` in the path. */
  token?: (tokens: Tokens) => string;
  /** Of the environment that the test runs in. */
  body?: (environment: string) => string;
  type?: string;
  behind?: Behind;
  /** What the answer has to say. */
  says?: RegExp;
}

export type Answer = Pick<Row, 'status' | 'shape' | 'when'> & Partial<Row>;

export const mimeOf = ({ shape }: Row) => {
  if (shape === 'nothing') return '';
  return shape === 'token' ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8';
};
