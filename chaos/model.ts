import type { ProvisioningStatus } from '../src/contract';
import type { Request, Variant } from './requests';

export const KINDS = ['source', 'destination', 'connection'] as const;
export type Kind = (typeof KINDS)[number];

/** What may exist of a component: for each kind its possible variants; undefined is absence. */
export type Expected = Record<Kind, (Variant | undefined)[]>;

export const NOTHING: Expected = {
  source: [undefined],
  destination: [undefined],
  connection: [undefined],
};

export interface EndedRun {
  request: Request;
  status: ProvisioningStatus;
}

const everywhere = (possible: (kind: Kind) => Expected[Kind]): Expected => ({
  source: possible('source'),
  destination: possible('destination'),
  connection: possible('connection'),
});

/** The kinds a failed run says it left behind; all of them where it could not even look. */
const leftBehindBy = ({ info }: ProvisioningStatus): Kind[] => {
  const named = [info?.privateInfo.leftBehind ?? []].flat();
  if (named.some((what) => what.startsWith('whatever was there'))) return [...KINDS];
  return KINDS.filter((kind) => named.some((what) => what.startsWith(`the ${kind} `)));
};

/**
 * What exists after a run, by what its status says. What a run failed to remove or put back may have
 * gone all the same, as the answer may be all that was lost; that alone is left open.
 */
export const after = (before: Expected, { request, status }: EndedRun): Expected => {
  const wanted = request.operation === 'provision' ? request.variant : undefined;
  if (status.status === 'COMPLETED') return everywhere(() => [wanted]);
  const left = leftBehindBy(status);
  return everywhere((kind) => {
    if (request.operation === 'unprovision')
      return left.includes(kind) ? [...before[kind], undefined] : [undefined];
    return left.includes(kind) ? [...before[kind], wanted, undefined] : before[kind];
  });
};
