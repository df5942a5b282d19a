import { isCancellation, patched } from '@temporalio/workflow';
import type { ValidationStatus } from '../../src/contract/coordinator';
import { explain, finalFailure, inSentences } from '../run/failure';
import type { ToValidate, ValidateInput } from '../input';
import { eachAtMost } from '../run/concurrency';
import { startRun } from '../run/report';
import { recordFor } from './validation-record';
import {
  checkEnd,
  checkFabric,
  checkStreams,
  isBroken,
  KINDS,
  orFinding,
  stepsOf,
} from './validation-steps';

/** Checks at once: as many calls as a worker has in flight to Airbyte, so that no slot only waits. */
const AT_ONCE = 3;

const fail = (err: unknown): never => {
  const errors = [`The descriptor was not validated. ${inSentences(explain(err))}`];
  const status: ValidationStatus = {
    status: 'FAILED',
    info: { publicInfo: { valid: false, error: { errors } } },
  };
  throw finalFailure(errors.join('\n'), { type: 'ValidationFailed', details: status, cause: err });
};

/**
 * The verdict on a descriptor, with all that is wrong with it at once: what reading it has found, and what
 * only Airbyte and the fabrics can tell. Completed whatever the verdict; writes nothing to either.
 */
export async function validate(input: ValidateInput): Promise<ValidationStatus> {
  const { components, problems, warnings } = input;
  const steps = stepsOf(input.retry);
  const { step, within } = steps;
  const run = startRun();
  const record = recordFor(run);

  const leaveOpen = () => {
    record.note('not possible', 'Airbyte: nothing else was checked there');
  };

  const askAirbyte = async () => {
    run.phase('Asking Airbyte for its workspace');
    const airbyte = { verdict: 'failed', at: 'Airbyte', within } as const;
    const workspace = await orFinding(step('The workspace').checkWorkspace(), {
      ...airbyte,
      mustAnswer: true,
    });
    record.add(workspace);
    if (isBroken(workspace, 'Airbyte')) {
      leaveOpen();
      return;
    }
    run.phase('Comparing with what Airbyte has');
    const [connectors, names] = await Promise.all([
      orFinding(step('The connectors').checkConnectors({ components }), airbyte),
      orFinding(step('The names').checkNames({ components }), airbyte),
    ]);
    record.add([...connectors, ...names]);
    if (isBroken([...connectors, ...names], 'Airbyte')) {
      leaveOpen();
      return;
    }
    const ends = components.flatMap((component) => KINDS.map((kind) => ({ component, kind })));
    const usable = ends.filter(
      ({ component, kind }) => !isBroken(connectors, `${component.at}.${kind}`),
    );
    // Runs of before start the checks of all ends at once, and look at no streams.
    const isBounded = patched('validation-in-lanes');
    const atOnce = isBounded ? AT_ONCE : usable.length;
    const checking = eachAtMost(usable, { atOnce, work: (end) => checkEnd(steps, end) });
    run.phase('Checking the configurations');
    record.add((await checking).flat());
    if (!isBounded) return;
    run.phase('Looking at the streams');
    const work = (component: ToValidate) => checkStreams(steps, { component, names });
    record.add((await eachAtMost(components, { atOnce, work })).flat());
  };

  const askFabrics = async () => {
    // Runs of before ask Airbyte alone.
    if (!patched('validation-of-fabrics')) return;
    run.phase('Checking the fabrics');
    const work = (component: ToValidate) => checkFabric(steps, component);
    record.addOthers((await eachAtMost(components, { atOnce: AT_ONCE, work })).flat());
  };

  try {
    for (const problem of problems) record.note('failed', problem);
    for (const each of warnings) record.note('warning', each);
    if (components.length > 0) {
      await askAirbyte();
      await askFabrics();
    } else
      record.note(
        'not possible',
        'Airbyte: nothing was checked there, as the descriptor cannot be read',
      );
    run.phase('Completed');
    return record.status();
  } catch (err) {
    run.phase('Failed');
    if (isCancellation(err)) throw err;
    run.error(explain(err).problem);
    return fail(err);
  }
}
