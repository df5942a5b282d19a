import { X509Certificate, createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Server } from 'node:tls';
import type { Logger } from 'pino';
import { codeOf } from '../workflows/protocol/causes';
import { RequestError, describeProblem } from './contract/problems';
import type { GatewaySettings } from './settings/gateway';

/* The certificates of a listener: as their files have them now. */

type Files = NonNullable<GatewaySettings['tls']>;
type Part = keyof Files;

/** Bytes of one of the files: a bundle of some hundred authorities. */
const MAX_PEM = 1024 * 1024;
/** Milliseconds between looks at the files: mounted ones are swapped, of which no event tells reliably. */
const LOOK_EVERY = 2000;

/** What a listener is given; `ca` only where callers are asked for a certificate. */
export interface Credentials {
  cert: string;
  key: string;
  ca?: string;
}

const wrong = (part: Part, message: string) =>
  new RequestError([{ path: `gateway.tls.${part}`, message }], {
    solutions: ['Put the right file there: it is looked at every two seconds.'],
  });

const textOf = (part: Part, file: string): string => {
  try {
    if (statSync(file).size <= MAX_PEM) return readFileSync(file, 'utf8');
  } catch (err) {
    throw wrong(part, `${file} cannot be read (${codeOf(err) ?? 'unknown error'})`);
  }
  throw wrong(part, `${file} is over ${String(MAX_PEM / 1024)} KiB`);
};

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

const certificatesIn = (part: Part, { file, text }: { file: string; text: string }) => {
  const found = text.match(CERTIFICATE) ?? [];
  try {
    const certificates = found.map((pem) => new X509Certificate(pem));
    const begun = text.match(/-----BEGIN/g) ?? [];
    if (certificates.length > 0 && certificates.length === begun.length) return certificates;
  } catch {
    // As of a file that is half written: it is told below.
  }
  throw wrong(part, `${file} is not made of whole certificates (PEM)`);
};

const isOver = ({ validTo }: X509Certificate) => Date.parse(validTo) <= Date.now();
const isToCome = ({ validFrom }: X509Certificate) => Date.parse(validFrom) > Date.now();

const judgeTimes = (part: Part, certificates: X509Certificate[]) => {
  const over = certificates.find(isOver);
  if (over) throw wrong(part, `has a certificate that has expired on ${over.validTo}`);
  const toCome = certificates.find(isToCome);
  if (toCome) throw wrong(part, `has a certificate that is not valid before ${toCome.validFrom}`);
};

const judgePair = ({ cert, key }: Credentials, leaf: X509Certificate | undefined) => {
  try {
    createSecureContext({ key });
  } catch {
    throw wrong('keyFile', 'is not a private key (PEM) that no password protects');
  }
  try {
    createSecureContext({ cert, key });
  } catch (err) {
    const name = leaf?.subject.replaceAll('\n', ', ') ?? '';
    const isOther = codeOf(err) === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH';
    throw isOther
      ? wrong('keyFile', `is not the key of the certificate in certFile, ${name}`)
      : wrong('certFile', `is not taken together with keyFile (${codeOf(err) ?? 'unknown error'})`);
  }
};

/** What the files have, read whole. */
const textsIn = ({ certFile, keyFile, clientCaFile }: Files): Credentials => ({
  cert: textOf('certFile', certFile),
  key: textOf('keyFile', keyFile),
  ...(clientCaFile !== undefined && { ca: textOf('clientCaFile', clientCaFile) }),
});

/** Throws a RequestError where a listener could not, or should not, be given it. Says when it expires. */
const judge = (given: Credentials, { certFile, clientCaFile = '' }: Files): Date => {
  const chain = certificatesIn('certFile', { file: certFile, text: given.cert });
  judgeTimes('certFile', chain);
  judgePair(given, chain[0]);
  if (given.ca !== undefined) {
    const authorities = certificatesIn('clientCaFile', { file: clientCaFile, text: given.ca });
    // While authorities are changed an old one may stand there longer than it is valid.
    if (authorities.every(isOver)) judgeTimes('clientCaFile', authorities);
  }
  return new Date(Math.min(...chain.map(({ validTo }) => Date.parse(validTo))));
};

/** Throws a RequestError where openTls would, and opens nothing. */
export const checkTls = (files: Files) => {
  judge(textsIn(files), files);
};

const digestOf = (given: object) =>
  createHash('sha256').update(JSON.stringify(given)).digest('hex');

interface TlsDeps {
  /** What the configuration file says now; undefined: no TLS any more, which takes a restart. */
  files: () => Files | undefined;
  log: Logger;
  /** Hears of credentials that are taken from now on. */
  onChange: (credentials: Credentials) => void;
  lookEvery?: number;
}

export type TlsFiles = ReturnType<typeof openTls>;

/**
 * The credentials of a listener, looked at every two seconds. New ones that are wrong change nothing: the
 * former stay, and `problem` tells so until the files are mended. Throws a RequestError where they are
 * wrong from the beginning.
 */
export const openTls = (
  first: Files,
  { files, log, onChange, lookEvery = LOOK_EVERY }: TlsDeps,
) => {
  let current = textsIn(first);
  let expires = judge(current, first);
  /** What the last look found: the digest of what the files have, or what kept it from them. */
  let seen = digestOf(current);
  let problem: string | undefined;

  const look = (now: Files) => {
    const found = textsOrProblem(now);
    const mark = found instanceof RequestError ? found.message : digestOf(found);
    if (mark === seen) return;
    seen = mark;
    try {
      if (found instanceof RequestError) throw found;
      expires = judge(found, now);
      current = found;
      problem = undefined;
      onChange(found);
      log.info({ expires }, 'the certificate has changed, and is taken');
    } catch (err) {
      if (!(err instanceof RequestError)) throw err;
      const problems = err.problems.map(describeProblem);
      problem =
        'The certificate is wrong since its files changed; the former one still serves. The log of this program says what is wrong.';
      log.error({ problems }, 'the certificate is not taken');
    }
  };

  const timer = setInterval(() => {
    const now = files();
    // Whether callers are asked for a certificate is settled when the listener is made.
    if (now && (now.clientCaFile === undefined) === (current.ca === undefined)) look(now);
  }, lookEvery);
  timer.unref();
  return {
    current: () => current,
    /** When the first of the certificates that serve is over. */
    expires: () => expires,
    /** What is wrong with what serves, or with what should. */
    problem: () => {
      if (problem !== undefined || expires.getTime() > Date.now()) return problem;
      return `The certificate has expired on ${expires.toISOString()}: put a new one into its files.`;
    },
    close: () => {
      clearInterval(timer);
    },
  };
};

const textsOrProblem = (files: Files): Credentials | RequestError => {
  try {
    return textsIn(files);
  } catch (err) {
    if (err instanceof RequestError) return err;
    throw err;
  }
};

/** Whether a listener that was made by one part of a file can serve as another says; else what to do. */
export const restartFor = (made: Files | undefined, now: Files | undefined): string | undefined => {
  const isSame = (made === undefined) === (now === undefined);
  if (isSame && (made?.clientCaFile === undefined) === (now?.clientCaFile === undefined))
    return undefined;
  return `gateway.tls${isSame ? '.clientCaFile' : ''} has come or gone since this gateway started: restart it, until then it serves as before.`;
};

/** What a listener has beside its credentials. */
export const ACCEPTED = { minVersion: 'TLSv1.2' } as const;

/** Gives a listener other credentials; connections that are open keep theirs. */
export const takeCredentials = (server: Server, credentials: Credentials) => {
  server.setSecureContext({ ...ACCEPTED, ...credentials });
};
