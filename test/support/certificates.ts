import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/* Authorities, and certificates that they sign, by openssl: those of a listener and of its callers. */

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface Pair {
  cert: string;
  key: string;
}

interface Issue {
  usage?: 'serverAuth' | 'clientAuth';
  /** Days that it is valid; a certificate of -1 is over since yesterday. */
  days?: number;
  subject?: string;
}

export type Authority = ReturnType<typeof createAuthority>;

/** `folder` keeps what openssl makes. */
export const createAuthority = (folder: string, name: string) => {
  const at = (file: string) => path.join(folder, `${name}-${file}`);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: 'pipe' });
  openssl(
    ...['req', '-x509', ...NEW_KEY, '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', at('authority.key'), '-out', at('authority.pem')],
  );
  const authority = readFileSync(at('authority.pem'), 'utf8');
  let issued = 0;
  return {
    pem: authority,
    /** A certificate of 127.0.0.1, or of a caller. */
    issue: ({ usage = 'serverAuth', days = 2, subject = '/CN=127.0.0.1' }: Issue = {}): Pair => {
      issued += 1;
      const [request, extensions, cert, key] = ['csr', 'ext', 'pem', 'key'].map((end) =>
        at(`${String(issued)}.${end}`),
      );
      writeFileSync(extensions ?? '', `extendedKeyUsage=${usage}\nsubjectAltName=IP:127.0.0.1\n`);
      openssl(
        ...['req', '-new', '-utf8', ...NEW_KEY, '-subj', subject],
        ...['-keyout', key ?? '', '-out', request ?? ''],
      );
      openssl(
        ...['x509', '-req', '-in', request ?? '', '-days', String(days), '-out', cert ?? ''],
        ...['-CA', at('authority.pem'), '-CAkey', at('authority.key'), '-CAcreateserial'],
        ...['-extfile', extensions ?? ''],
      );
      return { cert: readFileSync(cert ?? '', 'utf8'), key: readFileSync(key ?? '', 'utf8') };
    },
  };
};
