import type { Finding, Kept } from '../../src/contract/drift';
import type { Seen, Tagged, Thing } from '../../src/fabrics/fabric';
import { MAX_NAMED, firstFew, shortened } from '../../workflows/protocol/lengths';
import { inOneLine } from '../../workflows/protocol/one-line';
import type { Known } from '../../workflows/provisioned';
import { linesOf } from '../fabric/things';
import type { Line } from '../fabric/things';
import { REMEDIES, REMEDIES_OF_REMAINS, REMEDY_OF_READERS, REMEDY_OF_UNUSED } from './remedies';

/** What bears the tag of a component, and in which fabric. */
export interface Bearing extends Tagged {
  fabric: string;
}

/* What a fabric has of components, as findings. */

/** Characters of a name, and of what to do about what is another's. */
const MAX_NAME = 300;
const MAX_REMEDY = 1000;

interface Whose {
  key: string;
  token: string | undefined;
  fabric: string;
}

const findingOf = (
  { key, token, fabric }: Whose,
  { kind, line, remedy }: { kind: Finding['kind']; line: Line; remedy: string },
): Finding => ({
  kind,
  component: key,
  entity: line.kind,
  name: shortened(inOneLine(line.name), MAX_NAME),
  fabric,
  ids: [],
  ...(line.each && {
    differs: firstFew(
      line.each.map((each) => shortened(inOneLine(each), MAX_NAME)),
      MAX_NAMED,
    ),
  }),
  ...(token !== undefined && { token }),
  remedy,
});

/** What is not as a completed provision has left it, as far as the fabric tells. What is in the way keeps anybody from making the rest. */
export const fabricFindings = (
  { key, token }: { key: string; token: string },
  { missing, foreign, lost = [] }: Seen,
  fabric: string,
): Finding[] => {
  const whose = { key, token, fabric };
  if (foreign.length > 0)
    return foreign.map(({ kind, name, problem, solution }) =>
      findingOf(whose, {
        kind: 'foreign',
        line: { kind, name },
        remedy: shortened(inOneLine(`${problem} ${solution}`), MAX_REMEDY),
      }),
    );
  const gone = (things: Thing[], remedy: string) =>
    linesOf(things).map((line) => findingOf(whose, { kind: 'missing', line, remedy }));
  return [
    ...gone(
      missing.filter(({ mayBeThere }) => !mayBeThere),
      REMEDIES.missing,
    ),
    ...gone(lost, REMEDY_OF_READERS),
  ];
};

const kindOf = (madeAt: number | undefined, known: Known | undefined): Finding['kind'] => {
  if (known?.state === 'removed') return 'orphaned';
  if (known?.state === 'half-removed') return 'unfinished';
  if (known?.state !== 'failed') return 'untraced';
  return madeAt !== undefined && madeAt > known.since ? 'orphaned' : 'untraced';
};

const GONE = ['removed', 'half-removed'];

/** Data of a component that was unprovisioned. It may be there because nobody asked for its removal. */
export const keptIn = ({ key, thing, fabric }: Bearing, known: Known | undefined): Kept[] =>
  thing.hasData && known && GONE.includes(known.state)
    ? linesOf([thing]).map(({ name }) => ({
        component: key,
        name: shortened(inOneLine(name), MAX_NAME),
        fabric,
        token: known.token,
      }))
    : [];

/** What a domain shares, and nobody of it uses. */
export const unusedFinding = ({ key, thing, fabric }: Bearing): Finding[] =>
  linesOf([thing]).map((line) =>
    findingOf(
      { key, token: undefined, fabric },
      { kind: 'orphaned', line, remedy: REMEDY_OF_UNUSED },
    ),
  );

/** What bears the tag of a component that no completed provision accounts for, but for data that was kept. */
export const bearingFindings = (
  { key, thing, madeAt, fabric }: Bearing,
  known: Known | undefined,
): Finding[] => {
  if (thing.hasData && GONE.includes(known?.state ?? '')) return [];
  const kind = kindOf(madeAt, known);
  return linesOf([thing]).map((line) =>
    findingOf(
      { key, token: known?.token, fabric },
      { kind, line, remedy: REMEDIES_OF_REMAINS[kind] },
    ),
  );
};
