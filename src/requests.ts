import express from 'express';
import type { RequestHandler } from 'express';
import { wrongType } from './refusals';
import { tooBusy } from './threads';

/** Bytes of a request's body, decompressed. */
export const MAX_BODY = 2 * 1024 * 1024;
/** Bytes of one that is read where it came: of the operator's commands. */
const MAX_COMMAND = 16 * 1024;
/** Bytes of bodies that are received, wait or are read: as much as the gateway keeps of them. */
const MAX_HELD = 64 * 1024 * 1024;

const ofJson: RequestHandler = (req, _res, next) => {
  if (!req.is('application/json')) throw wrongType;
  next();
};

/** As large as it says, or may become. */
const sizeOf: (req: Parameters<RequestHandler>[0]) => number = (req) => {
  const length = Number(req.get('content-length') ?? MAX_BODY);
  const isPlain = (req.get('content-encoding') ?? 'identity') === 'identity';
  return isPlain ? Math.min(length, MAX_BODY) : MAX_BODY;
};

/** Lets bodies in as long as there is room for them. */
export const createRoom = (most = MAX_HELD): RequestHandler => {
  let held = 0;
  return (req, res, next) => {
    const size = sizeOf(req);
    if (held + size > most) throw tooBusy();
    held += size;
    res.once('close', () => {
      held -= size;
    });
    next();
  };
};

/** JSON is UTF-8 (RFC 8259). */
const inUtf8: RequestHandler = (req, _res, next) => {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(req.get('content-type') ?? '')?.[1] ?? 'utf-8';
  if (!/^utf-?8$/i.test(charset)) throw wrongType;
  next();
};

/** The bytes of a body of JSON, which somebody else reads: they are not even decoded here. */
export const bytes: RequestHandler[] = [
  ofJson,
  inUtf8,
  createRoom(),
  express.raw({ type: 'application/json', limit: MAX_BODY }),
];

/** Takes a small body of JSON, and nothing else. */
export const json: RequestHandler[] = [ofJson, express.json({ limit: MAX_COMMAND })];
