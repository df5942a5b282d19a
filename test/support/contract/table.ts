import { BODIED } from './rows-bodies';
import { GUARDED } from './rows-guarded';
import { TOKENED } from './rows-tokens';
import type { Row } from './rows';

/* Every operation, with every status it gives, and the requests that it gives them to. */

const NOWHERE = [
  ['GET', '/v1/poems', 'an unknown path'],
  ['POST', '/', 'the root'],
  ['GET', '/operations/runs', 'an operator route, where they are off'],
].map(([method = '', path = '', when = '']): Row => ({
  operation: 'none',
  method,
  path,
  when,
  status: 404,
  shape: 'RequestValidationError',
}));

export const ROWS: Row[] = [...BODIED, ...TOKENED, ...GUARDED, ...NOWHERE];
