import { MAX_KEY, tooMuchIn } from '../contract/document-limits';
import { isRecord, parseJson } from '../contract/json';

/** What Airbyte shows in the place of a stored secret, and we in the place of any other. */
export const MASK = '**********';

const SECRET_KEY =
  /^(.*_)?(password|passphrase|passwd|pwd|secret|token|api_?key|access_?key|private_?key(_.*)?|shared_key|client_key|ssh_key|service_account_json|credentials_json|connection_string)$/i;

/** What signs a URL, or names who may use it. */
const SIGNATURE =
  /^(x-amz-signature|x-amz-credential|x-goog-signature|sig|signature|subscription-key)$/i;

/** `user=reader&ssl=true`, as drivers take it; some want semicolons. */
const PAIRS = /^[^\s=&;?]+=[^&;]*([&;][^\s=&;?]+=[^&;]*)*[&;]?$/;

/** The value of a header that proves a caller. */
const CREDENTIALS = /^(Bearer|Basic)\s+\S{8,}$/i;

/** Whether a field of this name is taken for a secret, whatever its connector says. */
export const isSecretKey = (key: string) =>
  // What is longer is no name of a field, and slow to compare.
  key.length <= MAX_KEY &&
  SECRET_KEY.test(key.replace(/([a-z])([A-Z])/g, '$1_$2').replace(/-/g, '_'));

type Path = (string | number)[];

const isTelling = (pairs: string) =>
  [...new URLSearchParams(pairs)].some(
    ([key, value]) => value !== '' && (isSecretKey(key) || SIGNATURE.test(key)),
  );

const isTellingUrl = ({ username, password, search, hash }: URL) =>
  Boolean(username || password) || isTelling(search) || isTelling(hash.slice(1));

/** Secrets may sit in a URL, in pairs for a driver, in a header, or in JSON kept as text. */
const inText = (text: string, path: Path): Path[] => {
  if (CREDENTIALS.test(text)) return [path];
  if (PAIRS.test(text) && isTelling(text.replaceAll(';', '&'))) return [path];
  if (URL.canParse(text) && isTellingUrl(new URL(text))) return [path];
  if (!text.trimStart().startsWith('{')) return [];
  const inner = parseJson(text);
  // What is too large to be looked through could hide one.
  return tooMuchIn(inner) !== undefined || secretsIn(inner, path).length > 0 ? [path] : [];
};

/** The paths at which a value carries a secret in clear. */
export const secretsIn = (value: unknown, path: Path = []): Path[] => {
  if (typeof value === 'string') return inText(value, path);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = [...path, Array.isArray(value) ? Number(key) : key];
    const isClear = (typeof inner === 'string' && inner !== '') || typeof inner === 'number';
    return isSecretKey(key) && isClear ? [at] : secretsIn(inner, at);
  });
};

/** Masks what looks like a secret, whether Airbyte's connector declares it one or not. */
const maskSecrets = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(maskSecrets);
  return isRecord(value) ? maskRecord(value) : value;
};

const isSecretText = (key: string, text: string) =>
  text !== '' && (isSecretKey(key) || inText(text, []).length > 0);

export const maskRecord = (record: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(record).map(([key, inner]) => [
      key,
      typeof inner === 'string' && isSecretText(key, inner) ? MASK : maskSecrets(inner),
    ]),
  );

/** The secrets in a secret that is a JSON document, such as the key of a service account. */
const secretTexts = (document: unknown): string[] =>
  isRecord(document)
    ? Object.entries(document).flatMap(([key, value]) =>
        isSecretKey(key) && typeof value === 'string' ? [value] : secretTexts(value),
      )
    : [];

/** What proves a caller, and JWTs, which change too often to be remembered one by one. */
const TOKENS = /\bBearer\s+[\w.~+/-]+=*|\bBasic\s+[\w+/]{8,}={0,2}|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g;

export type Redactor = ReturnType<typeof createRedactor>;

/** Removes known secrets from texts that are not ours, such as Airbyte's error messages. */
export const createRedactor = (initial: (string | undefined)[] = []) => {
  const known = new Set<string>();
  const remember = (secret: string | undefined): void => {
    if (!secret) return;
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
      known.add(form);
    for (const line of secret.split(/\r?\n/)) if (line.length >= 20) known.add(line);
    for (const inner of secretTexts(parseJson(secret))) remember(inner);
  };
  initial.forEach(remember);
  const longestFirst = () => [...known].sort((a, b) => b.length - a.length);
  return {
    remember,
    redact: (text: string) =>
      longestFirst()
        .reduce((cleaned, secret) => cleaned.replaceAll(secret, MASK), text)
        .replace(TOKENS, MASK),
  };
};
