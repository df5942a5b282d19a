import type { Airbyte, Definition, Kind } from '../../src/airbyte/workspace';
import { AirbyteError } from '../../src/airbyte/errors';
import { someOf, suggestion } from '../../src/reading/suggestions';
import type { ToValidate } from '../../workflows/input';
import { failed, notPossible, passed } from './checks';
import type { Check } from './checks';

/** The one of a component's two ends that a check is about. */
export interface OneEnd {
  component: ToValidate;
  kind: Kind;
}

const ASK = 'Ask the platform operator';

/** Statuses of an Airbyte that has no such list, or does not show it to us. */
const UNLISTED = [403, 404, 405, 501];

/** Undefined where this Airbyte does not tell which connectors there are. */
export const definitionsOf = async (airbyte: Airbyte, kind: Kind) => {
  try {
    return await airbyte.listDefinitions(kind);
  } catch (err) {
    if (err instanceof AirbyteError && UNLISTED.includes(err.status ?? 0)) return undefined;
    throw err;
  }
};

const describeDefinition = ({ name, dockerRepository = '', dockerImageTag = '' }: Definition) =>
  `${name} (${[dockerRepository, dockerImageTag].filter(Boolean).join(' ')})`.replace(' ()', '');

const describeWanted = ({ component: { plan }, kind }: OneEnd) => {
  const wanted = plan[kind];
  const named = wanted.connector === 'custom' ? wanted.definitionName : undefined;
  if (named === undefined) return { isWanted: ({ id }: Definition) => id === wanted.definitionId };
  return { named, isWanted: ({ name }: Definition) => name === named };
};

const absent = (end: OneEnd, definitions: Definition[], named: string | undefined) => {
  const at = `${end.component.at}.${end.kind}`;
  const ask = `is not among the ${end.kind} connectors of this Airbyte workspace`;
  const { connector, definitionId = '' } = end.component.plan[end.kind];
  const names = definitions.map(({ name }) => name);
  const has = (wanted: string) => `, which are ${someOf(names, wanted)}. ${ASK} to add it.`;
  if (named === undefined) {
    const wanted = connector === 'custom' ? '' : connector;
    return failed(`${at}.connector`, `${connector} (${definitionId}) ${ask}${has(wanted)}`);
  }
  return failed(
    `${at}.definitionName`,
    `"${named}" ${ask}${suggestion(named, names) || has(named)}`,
  );
};

export const judgeDefinition = (end: OneEnd, definitions: Definition[] | undefined): Check => {
  const at = `${end.component.at}.${end.kind}`;
  if (!definitions)
    return notPossible(at, `this Airbyte does not tell which ${end.kind} connectors it has`);
  const { named, isWanted } = describeWanted(end);
  const [found, another] = definitions.filter(isWanted);
  if (!found) return absent(end, definitions, named);
  if (!another) return passed(at, `the connector ${describeDefinition(found)} is available`);
  return failed(
    `${at}.definitionName`,
    `is the name of more than one connector. Give the definitionId instead: ${found.id} or ${another.id}.`,
  );
};
