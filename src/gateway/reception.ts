import type { Request, RequestHandler, Response } from 'express';
import type { Interest } from '../concurrency/interest';
import { MAX_BODY, isEncoding, parseBody } from './body';
import type { Body, Encoding } from './body';
import { onceOver, whileCalled } from '../concurrency/caller';
import { tooLarge, tooManyPieces, wrongEncoding, wrongType } from './request-errors';
import { tooBusy } from '../concurrency/threads';

/** Bytes of a body that is read where it came: of an operator's command. */
const MAX_COMMAND = 16 * 1024;
/** Bytes that the gateway keeps of bodies, and of what was made of them. */
const MAX_HELD = 64 * 1024 * 1024;
/** Pieces in which a body may come: each costs the event loop some microseconds. */
const MAX_PIECES = 20_000;
/** Requests, however little each of them holds. */
export const MAX_OPEN = 10_000;

/** Takes so many requests at once, beside those that are not counted. `observe` hears how many are open. */
export const openAtMost = (most: number, observe?: (open: number) => void): RequestHandler => {
  let open = 0;
  const add = (more: 1 | -1) => {
    open += more;
    observe?.(open);
  };
  return (_req, res, next) => {
    if (open >= most) throw tooBusy();
    add(1);
    onceOver(res, () => add(-1));
    next();
  };
};

/** How many bytes somebody holds from now on. Throws a SystemProblem where there is no room for more. */
type Hold = (bytes: number) => void;

/** Room for the bytes of all. `observe` hears how many are held. */
export const createRoom = (most = MAX_HELD, observe?: (bytes: number) => void) => {
  let all = 0;
  return (): Hold => {
    let own = 0;
    return (bytes) => {
      if (bytes > own && all - own + bytes > most) throw tooBusy();
      all += bytes - own;
      own = bytes;
      observe?.(all);
    };
  };
};

/** JSON is UTF-8 (RFC 8259). */
const judgeType = (req: Request) => {
  if (!req.is('application/json')) throw wrongType;
  const charset = /;\s*charset="?([^";\s]+)/i.exec(req.get('content-type') ?? '')?.[1] ?? 'utf-8';
  if (!/^utf-?8$/i.test(charset)) throw wrongType;
};

const encodingOf = (req: Request): Encoding => {
  const encoding = (req.get('content-encoding') ?? 'identity').toLowerCase();
  if (!isEncoding(encoding)) throw wrongEncoding;
  return encoding;
};

/** Collects chunks in one buffer, which is at most twice as large as what has come: they may be tiny. */
const createCollector = ({ most, hold }: { most: number; hold: Hold }) => {
  let buffer = new Uint8Array();
  let length = 0;
  return {
    add: (chunk: Uint8Array) => {
      const end = length + chunk.length;
      if (end > most) throw tooLarge(most);
      hold(end);
      if (end > buffer.length) {
        const larger = new Uint8Array(Math.min(most, Math.max(end, 2 * buffer.length)));
        larger.set(buffer.subarray(0, length));
        buffer = larger;
      }
      buffer.set(chunk, length);
      length = end;
    },
    clear: () => {
      buffer = new Uint8Array();
      hold(0);
    },
    bytes: () => buffer.subarray(0, length),
  };
};

/**
 * The body. One that is refused is received all the same, but not kept: not all hear before they have
 * sent. The connection of one in too many pieces is closed.
 */
const receive = async (
  req: Request,
  bounds: { most: number; hold: Hold },
): Promise<Uint8Array<ArrayBuffer>> => {
  const collector = createCollector(bounds);
  let problem: { err: unknown } | undefined;
  let pieces = 0;
  const chunks: AsyncIterable<Uint8Array> = req;
  for await (const chunk of chunks) {
    pieces += 1;
    if (pieces > MAX_PIECES) {
      req.socket.destroy();
      throw tooManyPieces(MAX_PIECES);
    }
    if (problem) continue;
    try {
      collector.add(chunk);
    } catch (err) {
      problem = { err };
      collector.clear();
    }
  }
  if (problem) throw problem.err;
  return collector.bytes();
};

/** What there is of a request. */
export interface Received extends Body {
  interest: Interest;
  /** For what is made of it. */
  hold: Hold;
}

/** Receives bodies of JSON as they came, which somebody else reads: they are not even decoded here. */
export const createReception = (observe: (bytes: number) => void) => {
  const room = createRoom(MAX_HELD, observe);
  return <Result>(
    req: Request,
    res: Response,
    work: (received: Received) => Promise<Result>,
  ): Promise<Result> =>
    whileCalled(res, async (interest) => {
      judgeType(req);
      const encoding = encodingOf(req);
      const hold = room();
      try {
        const bytes = await receive(req, { most: MAX_BODY, hold });
        return await work({ bytes, encoding, interest, hold });
      } finally {
        hold(0);
      }
    });
};

/** Takes a small body of JSON, and nothing else. */
export const json: RequestHandler = async (req, _res, next) => {
  judgeType(req);
  if (encodingOf(req) !== 'identity') throw wrongEncoding;
  const bytes = await receive(req, { most: MAX_COMMAND, hold: () => undefined });
  req.body = parseBody({ bytes, encoding: 'identity' });
  next();
};
