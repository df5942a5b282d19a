import type { Airbyte, ConnectionRead } from '../../src/airbyte/workspace';
import type { ToValidate } from '../../workflows/input';
import { shortened } from '../../workflows/protocol/lengths';
import { changesByHand } from '../pipeline/by-hand';
import type { MappersByHand } from '../comparison/mappers';
import { lackingTags } from '../pipeline/tags';
import { failed, warning } from './checks';
import type { Check } from './checks';
import { Refusal } from '../../src/contract/problems';

/* What a provision tells or refuses of what is set in Airbyte, in the same words. */

const MAX_MESSAGE = 500;

/** A refusal of our own is a finding; anything else went wrong by itself. */
const asFailed = (err: unknown, { at }: ToValidate, field: string): Check[] => {
  if (!(err instanceof Refusal)) throw err;
  const solution = err.solution.replace('specific.connection', `${at}.connection`);
  return [
    failed(`${at}.connection.${field}`, `${shortened(err.message, MAX_MESSAGE)} ${solution}`),
  ];
};

export const judgeByHand = (
  component: ToValidate,
  connection: ConnectionRead | undefined,
  byHand: MappersByHand,
): Check[] => {
  if (!connection) return [];
  const { plan, at } = component;
  try {
    return changesByHand(connection, plan.connection, byHand).map((message) =>
      warning(`${at}.connection`, shortened(message, MAX_MESSAGE)),
    );
  } catch (err) {
    return asFailed(err, component, 'streams');
  }
};

/** That tags will be made is nothing to warn of; that they cannot be is. */
export const judgeTags = async (
  airbyte: Pick<Airbyte, 'listTags'>,
  component: ToValidate,
): Promise<Check[]> => {
  try {
    await lackingTags(airbyte, component.plan.connection.tags);
    return [];
  } catch (err) {
    return asFailed(err, component, 'tags');
  }
};
