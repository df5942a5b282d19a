import type { ProvisioningStatus } from '../src/contract/coordinator';
import type { Request, Variant } from './requests';
import { LAKE_LOADER_SECRET, LOADER_PASSWORD, secretNameOf } from './secrets';

export const KINDS = ['source', 'destination', 'connection'] as const;
export type Kind = (typeof KINDS)[number];

/** What an entity may be: a variant, with one of these secrets; connections have none. */
export interface Choice {
  variant: Variant;
  secrets: string[];
}

/** What may exist of a component: for each kind its possible choices; undefined is absence. */
export type Expected = Record<Kind, (Choice | undefined)[]>;

export const NOTHING: Expected = {
  source: [undefined],
  destination: [undefined],
  connection: [undefined],
};

interface EndedRun {
  request: Request;
  status: ProvisioningStatus;
  /** What a reference meant while the run went on. */
  valuesOf: (secretName: string) => string[];
}

const everywhere = (possible: (kind: Kind) => Expected[Kind]): Expected => ({
  source: possible('source'),
  destination: possible('destination'),
  connection: possible('connection'),
});

const leftBehindIn = ({ info }: ProvisioningStatus) => [info?.privateInfo.leftBehind ?? []].flat();

/** What a failed run says it left behind of a kind; all of it where it could not even look. */
const leftBehindOf = (status: ProvisioningStatus, kind: Kind) =>
  leftBehindIn(status).filter(
    (what) => what.startsWith(`the ${kind} `) || what.startsWith('whatever was there'),
  );

/** It is as it was, but for a secret that may be another one: the reference's of that time. */
const isOfSecret = (what: string) => what.includes(': its secret ');

const secretOf = (kind: Exclude<Kind, 'connection'>, variant: Variant) => {
  if (kind === 'source') return secretNameOf(kind, variant.fileServer);
  if (!('schema' in variant)) return secretNameOf(kind, variant.databaseServer);
  return variant.lakehouse ? LAKE_LOADER_SECRET : LOADER_PASSWORD;
};

const withValues = (
  kind: Kind,
  variant: Variant | undefined,
  valuesOf: EndedRun['valuesOf'],
): Choice | undefined => {
  if (!variant) return undefined;
  if (kind === 'connection') return { variant, secrets: [] };
  return { variant, secrets: valuesOf(secretOf(kind, variant)) };
};

/** The former, with the value that its reference had during the run. */
const rotated = (kind: Kind, before: Expected, { valuesOf }: EndedRun) =>
  before[kind].map((choice) => withValues(kind, choice?.variant, valuesOf));

/**
 * What exists after a run, by what its status says. What a run failed to remove or put back may have
 * gone all the same, as the answer may be all that was lost; that alone is left open. A secret is the
 * former one to the letter, unless the status names it.
 */
export const after = (before: Expected, run: EndedRun): Expected => {
  const { request, status, valuesOf } = run;
  if (request.operation === 'updateacl') return before;
  const variant = request.operation === 'provision' ? request.variant : undefined;
  if (status.status === 'COMPLETED')
    return everywhere((kind) => [withValues(kind, variant, valuesOf)]);
  return everywhere((kind) => {
    const left = leftBehindOf(status, kind);
    if (request.operation === 'unprovision')
      return left.length > 0 ? [...before[kind], undefined] : [undefined];
    if (left.length === 0) return before[kind];
    const former = [...before[kind], ...rotated(kind, before, run)];
    if (left.every(isOfSecret)) return former;
    return [...former, withValues(kind, variant, valuesOf), undefined];
  });
};
