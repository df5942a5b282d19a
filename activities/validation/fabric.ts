import { placeOf } from '../../src/descriptor/places';
import type { Check as FabricCheck, Step } from '../../src/fabrics/fabric';
import { CallError } from '../../src/contract/call-error';
import { shortened } from '../../workflows/protocol/lengths';
import { inOneLine } from '../../workflows/protocol/one-line';
import type { ToValidate } from '../../workflows/input';
import { attempt } from '../attempt';
import { stepOf } from '../fabric/fabric';
import type { FabricOf, InFabric } from '../fabric/fabric';
import { failed, notPossible, passed } from './checks';
import type { Check } from './checks';

/** Characters of what a fabric's check has found, with what to do about it. */
const MAX_MESSAGE = 900;

/** Attempts after which what may pass is told as it is. */
const TRIES = 3;

/** Without these nothing of a component can be looked at. */
const ENTRY = ['connection', 'credentials'];

const VERDICTS = { passed, failed, impossible: notPossible };

const asCheck =
  ({ at }: Pick<ToValidate, 'at'>, system: string) =>
  ({ name, outcome, message, solution = '', at: path }: FabricCheck): Check => {
    const where = (path ?? 'specific.destination').replace(/^specific(?=\.|$)/, at);
    const found = `${system}, ${name}: ${message} ${solution}`.trim();
    return VERDICTS[outcome](where, shortened(inOneLine(found), MAX_MESSAGE));
  };

/** The component's place, unless the fabric itself cannot be asked. */
const checksOf = async (fabric: InFabric, step: Step) => {
  const first = await fabric.fabric.check(step);
  const isReached = first.every(
    ({ name, outcome }) => !ENTRY.includes(name) || outcome === 'passed',
  );
  return isReached ? [...first, ...(await fabric.check(step))] : first;
};

const mustPass = (found: FabricCheck[]) => {
  const passing = found.find(({ mayPass }) => mayPass);
  if (!passing) return;
  const { message, solution = '' } = passing;
  throw new CallError(message, { kind: 'again', solution });
};

/** What only the fabric that a component writes to can tell of its descriptor. Nothing is written there. */
export const createFabricCheck = (fabricOf: FabricOf) => ({
  /** None where the fabric only lends its credentials: Airbyte tries these itself. */
  checkFabric: ({ component }: { component: ToValidate }): Promise<Check[]> =>
    attempt(async ({ interest, number }) => {
      const { plan } = component;
      const place = placeOf(plan.destination);
      const fabric = place && fabricOf(place, plan.component.key);
      if (!fabric?.manages) return [];
      const checks = await checksOf(fabric, stepOf(interest));
      if (number < TRIES) mustPass(checks);
      return checks.map(asCheck(component, fabric.system));
    }),
});
