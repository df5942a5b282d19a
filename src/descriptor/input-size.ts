import { gzipSync } from 'node:zlib';
import { RequestError } from '../contract/problems';
import type { Reader } from '../reading/reader';
import type { Path } from '../contract/problems';

/* How large the input of a run may be: it is one payload of Temporal's, which takes 2 MiB of each. */

/** Bytes of a component's plan, or of all plans of a data product, as JSON with defaults filled in. */
const MAX_INPUT = 2_000_000;
/** Bytes of the same as Temporal gets it, compressed: two of them fit into one message of 4 MiB. */
const MAX_COMPRESSED = 1_500_000;
/** Bytes of what stands around the plans in an input: tokens, summaries, details, people. */
const MAX_AROUND = 1_000_000;

const compressed = (json: Uint8Array) =>
  json.length > MAX_COMPRESSED ? gzipSync(json).length : json.length;

/** Why so much cannot be handed to a run; undefined where it can. */
const sizeProblem = (json: Uint8Array): string | undefined => {
  if (json.length > MAX_INPUT)
    return `takes ${String(json.length)} bytes as JSON with its defaults filled in, and a run takes at most ${String(MAX_INPUT)}`;
  const small = compressed(json);
  return small > MAX_COMPRESSED
    ? `takes ${String(small)} bytes compressed, and a run takes at most ${String(MAX_COMPRESSED)}`
    : undefined;
};

/** In a buffer of its own, which can be handed to another thread. */
const jsonOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const REMEDY = {
  component:
    'name fewer streams or columns, or leave connection.streams out to take all that the source has',
  product: 'send its components one by one, or name fewer streams or columns',
};

/** Refuses what is too large for a run: the plan of a component, or all plans of a data product. */
export const judgeInput = (
  reader: Reader,
  plans: unknown,
  { of, at }: { of: keyof typeof REMEDY; at: Path },
) => {
  const problem = sizeProblem(jsonOf(plans));
  if (problem !== undefined) reader.refuse(at, `${problem}: ${REMEDY[of]}`);
};

/**
 * The input of a run as its payload has it. Most of what is in it is bounded where it is read; refuses,
 * as a RequestError, what is too large all together, such as thousands of people with long names.
 */
export const inputOf = (value: unknown): Uint8Array<ArrayBuffer> => {
  const json = jsonOf(value);
  const most = MAX_INPUT + MAX_AROUND;
  if (json.length <= most) return json;
  const message = `asks for a run whose input takes ${String(json.length)} bytes, and a run takes at most ${String(most)}`;
  throw new RequestError([{ path: 'body', message }], { solutions: ['Ask for less at once.'] });
};
