import { z } from 'zod';
import { host, problemOfAddress } from './addresses';
import { flag, secret, text } from './fields';

const https = z.strictObject({
  storage: z.literal('HTTPS'),
  user_agent: flag.default(false).describe('Whether to name a user agent in the request.'),
});

const gcs = z.strictObject({
  storage: z.literal('GCS'),
  service_account_json: secret.optional().describe('Absent: the bucket is public.'),
});

const s3 = z.strictObject({
  storage: z.literal('S3'),
  aws_access_key_id: z
    .union([text, secret], 'must be text, or { secretRef: NAME }')
    .optional()
    .describe('Absent: the bucket is public.'),
  aws_secret_access_key: secret.optional(),
});

const azure = z.strictObject({
  storage: z.literal('AzBlob'),
  storage_account: text,
  sas_token: secret.optional(),
  shared_key: secret.optional(),
});

/** The connector takes the port as text. */
const port = z
  .union([z.int().min(1).max(65535), z.string().regex(/^\d{1,5}$/)], 'must be a port number')
  .transform(String)
  .default('22');

const remote = <Storage extends string>(storage: Storage) =>
  z.strictObject({
    storage: z.literal(storage),
    host,
    user: text,
    password: secret.optional(),
    port,
  });

const LOCAL = 'must not be local: Airbyte’s own disk holds no files of data products';

const STORAGES = ['HTTPS', 'GCS', 'S3', 'AzBlob', 'SSH', 'SCP', 'SFTP'];

const canonical = (given: unknown) =>
  STORAGES.find((storage) => storage.toLowerCase() === String(given).toLowerCase()) ?? given;

/** `storage` is written in any case, and is HTTPS when it is left out. */
const withStorage = (given: unknown) =>
  typeof given === 'object' && given !== null && !Array.isArray(given)
    ? { ...given, storage: canonical('storage' in given ? given.storage : 'HTTPS') }
    : given;

const isLocal = (given: unknown) =>
  typeof given === 'object' && given !== null && 'storage' in given && given.storage === 'local';

/** Where the file is (source-file 0.6, `provider`). */
export const provider = z
  .preprocess(
    withStorage,
    z.discriminatedUnion(
      'storage',
      [https, gcs, s3, azure, remote('SSH'), remote('SCP'), remote('SFTP')],
      { error: ({ input }) => (isLocal(input) ? LOCAL : undefined) },
    ),
  )
  .describe('Where the file is, and how it is reached.');
type Storage = z.output<typeof provider>['storage'];

const path = {
  is: /^(?!\w+:\/\/)./,
  message:
    'must be a path on the host, for example /data/orders.csv: the host goes to provider.host',
};

/**
 * What a URL looks like for each storage. The connector drops whatever scheme there is and puts its
 * own (so http is read over https), which makes one path of a bucket that is not there of others.
 */
const URLS: Record<Storage, { is: RegExp; message: string }> = {
  HTTPS: { is: /^https?:\/\/[^/]/i, message: 'must be an https:// URL' },
  GCS: {
    is: /^(gs:\/\/)?[\w.-]+\/[^/]/i,
    message: 'must be gs://<bucket>/<path> for the storage GCS',
  },
  S3: {
    is: /^(s3[an]?:\/\/)?[\w.-]+\/[^/]/i,
    message: 'must be s3://<bucket>/<path> for the storage S3',
  },
  AzBlob: {
    is: /^(az(ure)?:\/\/)?[\w$-]+\/[^/]/i,
    message: 'must be azure://<container>/<path> for the storage AzBlob',
  },
  SSH: path,
  SCP: path,
  SFTP: path,
};

/** What is wrong with a URL for its storage; undefined when nothing is. */
export const problemOfUrl = (url: string, storage: Storage) => {
  const { is, message } = URLS[storage];
  const isWell = storage === 'HTTPS' ? is.test(url) && URL.canParse(url) : is.test(url);
  if (!isWell) return message;
  return storage === 'HTTPS' ? problemOfAddress(url) : undefined;
};
