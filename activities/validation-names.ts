import type { Actor, ConnectionRead, Kind } from '../src/airbyte';
import { ownerOf } from '../src/ownership';
import type { ToValidate } from '../workflows/validate';
import { failed, passed, warning } from './validation-checks';
import type { Check } from './validation-checks';

/** All that a workspace has. */
export interface Entities {
  source: Actor[];
  destination: Actor[];
  connection: ConnectionRead[];
}

const MAX_NAMED = 10;
const named = (entities: { id: string; name: string }[]) =>
  entities
    .slice(0, MAX_NAMED)
    .map(({ id, name }) => `"${name}" (${id})`)
    .join(', ');

const several = (kind: string, found: { id: string; name: string }[]) =>
  `Airbyte has ${String(found.length)} ${kind}s for this component: ${named(found)}.`;

/** The one that a provision would take: the one a former run told of, or the only one. */
const chosenOf = <Entity extends { id: string }>(found: Entity[], hint: string | undefined) =>
  found.find(({ id }) => id === hint) ?? (found.length === 1 ? found[0] : undefined);

const judgeSeveral = <Entity extends { id: string; name: string }>(
  { at, kind }: { at: string; kind: string },
  found: Entity[],
  chosen: Entity | undefined,
): Check[] => {
  if (found.length <= 1) return [];
  if (chosen)
    return [warning(at, `${several(kind, found)} The one a former run told of is taken.`)];
  return [failed(at, `${several(kind, found)} Delete all but one ${kind} in Airbyte.`)];
};

interface Whose extends ToValidate {
  /** The connectors that are wanted; undefined where this Airbyte cannot tell. */
  definitionIds: Record<Kind, string | undefined>;
}

const judgeActor = (wanted: Whose, kind: Kind, { [kind]: all }: Entities) => {
  const { plan, known, definitionIds } = wanted;
  const at = `${wanted.at}.${kind}`;
  const own = all.filter(({ name }) => ownerOf(name) === plan.component.key);
  const chosen = chosenOf(own, known[`${kind}Id`]);
  const checks = judgeSeveral({ at, kind }, own, chosen);
  if (!chosen)
    return { own, chosen, checks: own.length === 0 ? [passed(at, 'is new in Airbyte')] : checks };
  const isSame = [chosen.definitionId, undefined].includes(definitionIds[kind]);
  const verdict = isSame
    ? { ...passed(at, `is in Airbyte already: ${named([chosen])}`), id: chosen.id }
    : failed(
        `${at}.connector`,
        `is another one than that of the ${kind} ${named([chosen])} in Airbyte, which cannot change it. Undeploy the component, then deploy it again.`,
      );
  return { own, chosen, checks: [...checks, verdict] };
};

/** A connection is the component's whose source it reads. */
const ownerIn = ({ source }: Entities, { sourceId }: ConnectionRead) =>
  ownerOf(source.find(({ id }) => id === sourceId)?.name ?? '');

const judgeNamesakes = ({ plan, at }: ToValidate, own: ConnectionRead[], all: Entities): Check => {
  const path = `${at}.connection.name`;
  const { name } = plan.connection;
  const others = all.connection.filter((one) => one.name === name && !own.includes(one));
  if (others.length === 0) return passed(path, 'no other connection has this name');
  const owners = [...new Set(others.flatMap((one) => ownerIn(all, one) ?? []))];
  const whose = owners.length > 0 ? `, of ${owners.join(', ')}` : '';
  return failed(
    path,
    `is the name of another connection too, ${named(others)}${whose}, and schedulers find connections by their names. Choose another name, or rename or delete that connection in Airbyte.`,
  );
};

/** What a provision of the component would find in the way, by the names that Airbyte has. */
export const judgeNames = (
  component: ToValidate,
  definitionIds: Whose['definitionIds'],
  all: Entities,
): Check[] => {
  const wanted = { ...component, definitionIds };
  const source = judgeActor(wanted, 'source', all);
  const destination = judgeActor(wanted, 'destination', all);
  const at = `${wanted.at}.connection`;
  const sources = source.chosen ? [source.chosen] : source.own;
  const own = all.connection.filter(({ sourceId }) => sources.some(({ id }) => id === sourceId));
  const chosen = chosenOf(own, wanted.known.connectionId);
  const checks = judgeSeveral({ at, kind: 'connection' }, own, chosen);
  const isAstray = chosen && destination.own.every(({ id }) => id !== chosen.destinationId);
  return [
    ...source.checks,
    ...destination.checks,
    ...checks,
    ...(isAstray
      ? [
          failed(
            at,
            `${named([chosen])} reads this component's source but writes to a destination that is not the component's. Delete that connection in Airbyte.`,
          ),
        ]
      : []),
    judgeNamesakes(wanted, own, all),
  ];
};

/** Of one request, so not yet in Airbyte. */
export const judgeEachOther = (components: ToValidate[]): Check[] =>
  components.flatMap(({ plan, at }) => {
    const { name } = plan.connection;
    const [other, ...more] = components.filter(
      (one) => one.at !== at && one.plan.connection.name === name,
    );
    if (!other) return [];
    const others = more.length > 0 ? `, and of ${String(more.length)} more` : '';
    return [
      failed(`${at}.connection.name`, `is that of ${other.at} too${others}. Choose another name.`),
    ];
  });
