import { ApplicationFailure, isCancellation } from '@temporalio/workflow';
import type { Check, ValidationActivities } from '../activities/validation';
import type { ValidationStatus } from '../src/contract';
import type { KnownIds, Plan } from '../src/descriptor';
import { explain, isAirbytes } from './failure';
import type { Retry } from './input';
import { activitiesFor, inPatience, startRun } from './run';

/** A component to validate. */
export interface ToValidate {
  plan: Plan;
  known: KnownIds;
  /** The path of its `specific` in the descriptor, for what is found there. */
  at: string;
}

export interface ValidateInput {
  components: ToValidate[];
  /** What is wrong already: the descriptor cannot be read. */
  problems: string[];
  /** What the descriptor says to no effect. */
  warnings: string[];
  retry: Retry;
}

const KINDS = ['source', 'destination'] as const;

/** What Airbyte keeps from being checked is a finding; what breaks the task itself is thrown on. */
const orFinding = async (
  step: Promise<Check[]>,
  { verdict, at }: Pick<Check, 'verdict' | 'at'>,
): Promise<Check[]> => {
  try {
    return await step;
  } catch (err) {
    if (!isAirbytes(err)) throw err;
    const { problem, solution } = explain(err);
    // A refusal of our own may have a path of its own.
    const [, inner, rest] = /^(specific\.\S+): (.*)$/s.exec(problem) ?? [];
    const where = inner === undefined ? at : at.replace(/specific\..*$/, inner);
    return [{ verdict, at: where, message: `${rest ?? problem} ${solution}` }];
  }
};

const isBroken = (checks: Check[], at: string) =>
  checks.some((check) => check.verdict === 'failed' && check.at.startsWith(at));

const recordFor = (run: ReturnType<typeof startRun>) => {
  const lines: string[] = [];
  const errors: string[] = [];
  const tell = { passed: run.info, failed: run.error, 'not possible': run.warn, warning: run.warn };
  const note = (verdict: Check['verdict'], text: string) => {
    lines.push(`${verdict}: ${text}`);
    if (verdict === 'failed') errors.push(text);
    tell[verdict](text);
  };
  return {
    note,
    add: (checks: Check[]) => {
      for (const { verdict, at, message } of checks) note(verdict, `${at}: ${message}`);
    },
    status: (): ValidationStatus => ({
      status: 'COMPLETED',
      info: {
        publicInfo: errors.length === 0 ? { valid: true } : { valid: false, error: { errors } },
        privateInfo: { checks: lines },
      },
    }),
  };
};

const fail = (err: unknown): never => {
  const { problem, solution } = explain(err);
  const errors = [`The descriptor was not validated. ${problem} ${solution}`];
  const status: ValidationStatus = {
    status: 'FAILED',
    info: { publicInfo: { valid: false, error: { errors } } },
  };
  throw ApplicationFailure.create({
    message: errors.join('\n'),
    type: 'ValidationFailed',
    nonRetryable: true,
    details: [status],
    ...(err instanceof Error && { cause: err }),
  });
};

/**
 * The verdict on a descriptor, with all that is wrong with it at once: what reading it has found, and
 * what only Airbyte can tell. Completed whatever the verdict; writes nothing to Airbyte.
 */
export async function validate(input: ValidateInput): Promise<ValidationStatus> {
  const { components, problems, warnings } = input;
  const steps = activitiesFor<ValidationActivities>(inPatience(input.retry));
  const run = startRun();
  const record = recordFor(run);

  const leaveOpen = () => {
    record.note('not possible', 'Airbyte: nothing else was checked there');
  };

  const askAirbyte = async () => {
    run.phase('Asking Airbyte for its workspace');
    const airbyte = { verdict: 'failed', at: 'Airbyte' } as const;
    const workspace = await orFinding(steps('The workspace').checkWorkspace(), airbyte);
    record.add(workspace);
    if (isBroken(workspace, 'Airbyte')) {
      leaveOpen();
      return;
    }
    run.phase('Comparing with what Airbyte has');
    const [connectors, names] = await Promise.all([
      orFinding(steps('The connectors').checkConnectors({ components }), airbyte),
      orFinding(steps('The names').checkNames({ components }), airbyte),
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
    const checks = usable.map(async (end) => {
      const { component, kind } = end;
      const at = `${component.at}.${kind}`;
      const { name } = component.plan[kind];
      const configuration = await orFinding(
        steps(`Configuration of ${name}`).checkConfiguration(end),
        { verdict: 'failed', at },
      );
      if (isBroken(configuration, at)) return configuration;
      const tried = await orFinding(
        steps(`Airbyte's own check of ${name}`, { retry: { maximumAttempts: 2 } }).tryConnector(
          end,
        ),
        { verdict: 'not possible', at },
      );
      return [...configuration, ...tried];
    });
    run.phase('Checking the configurations');
    record.add((await Promise.all(checks)).flat());
  };

  try {
    for (const problem of problems) record.note('failed', problem);
    for (const each of warnings) record.note('warning', each);
    if (components.length > 0) await askAirbyte();
    else
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
