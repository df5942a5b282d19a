import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';

/** Milliseconds for one answer of the identity provider. */
const LONGEST_ANSWER = 5000;
/** Bytes of an answer: a few keys have some thousand. */
const MAX_ANSWER = 256 * 1024;

/** How an identity provider calls itself, and its keys. */
export interface Provider {
  issuer: string;
  keys: JSONWebKeySet;
}

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) });
const Keys = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** What is beyond the bound is not received. */
const bytesOf = async ({ url, body }: Response): Promise<Buffer> => {
  const pieces: Uint8Array[] = [];
  let length = 0;
  if (!body) return Buffer.of();
  const stream: AsyncIterable<Uint8Array> = body;
  for await (const piece of stream) {
    length += piece.length;
    if (length > MAX_ANSWER) throw new Error(`${url} answers more than 256 KiB.`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
};

const answerOf = async (url: string): Promise<unknown> => {
  const signal = AbortSignal.timeout(LONGEST_ANSWER);
  const response = await fetch(url, { signal, redirect: 'manual' });
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`${url} answered ${String(response.status)}.`);
  }
  return JSON.parse((await bytesOf(response)).toString());
};

/**
 * The issuer's own name for itself, and its keys (OpenID Connect Discovery 1.0, 4). Where they are is asked
 * each time, so that they may move.
 */
export const askProvider = async (issuer: string): Promise<Provider> => {
  const found = Discovery.parse(await answerOf(`${issuer}/.well-known/openid-configuration`));
  if (found.issuer.replace(/\/+$/, '') !== issuer)
    throw new Error(`It calls itself ${found.issuer}, and not ${issuer}.`);
  // Who is asked safely must not send us where he could be replaced.
  if (issuer.startsWith('https:') && !found.jwks_uri.startsWith('https:'))
    throw new Error(`Its keys are at ${found.jwks_uri}, which is not https.`);
  return { issuer: found.issuer, keys: Keys.parse(await answerOf(found.jwks_uri)) };
};
