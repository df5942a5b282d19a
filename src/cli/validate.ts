import type { Command } from 'commander';
import { ValidationResult, ValidationStatus } from '../contract/coordinator';
import type { Problem } from '../contract/problems';
import type { DescriptorFile } from '../descriptor/file';
import { asked, onFile, UNKNOWN, withShared } from './engineer';
import type { EngineerDeps, Shared } from './engineer';
import { problemIn, Unknown } from './gateway';
import type { Gateway } from './gateway';
import { placed, withLine } from './places';

interface Options extends Shared {
  airbyte: boolean;
}

/** What is said of a descriptor. */
interface Verdict {
  /** Null where Airbyte kept it from being found out. */
  valid: boolean | null;
  problems: Problem[];
  warnings: Problem[];
  /** What could not be found out, and why. */
  notChecked: Problem[];
}

const withVerdict = (checks: string[], verdict: string): Problem[] =>
  checks
    .filter((check) => check.startsWith(`${verdict}: `))
    .map((check) => problemIn(check.slice(verdict.length + 2)));

/** Of Airbyte or of what we may do there, and not of the descriptor. */
const isOfAirbyte = ({ path }: Problem) => path === 'Airbyte';

/** Without a look at Airbyte. */
const byItself = async (gateway: Gateway, { request }: DescriptorFile): Promise<Verdict> => {
  const { valid, error } = await gateway.ask('/v1/validate', request, ValidationResult);
  const problems = (error?.errors ?? []).map(problemIn);
  return { valid, problems, warnings: [], notChecked: [] };
};

const inAirbyte = async (gateway: Gateway, { request }: DescriptorFile): Promise<Verdict> => {
  const { descriptor, descriptorKind } = request;
  const token = await gateway.start('/v2/validate', { descriptor, descriptorKind });
  const { status, info } = await gateway.follow('/v2/validate', token, {
    schema: ValidationStatus,
    hasEnded: (one) => one.status !== 'RUNNING',
  });
  const { valid = false, error } = info?.publicInfo ?? {};
  const errors = error?.errors ?? [];
  if (status === 'FAILED')
    throw new Unknown(errors[0] ?? 'The descriptor was not validated.', {
      solutions: ['Try again; the validation changes nothing.'],
    });
  const checks = info?.privateInfo?.checks ?? [];
  const found = errors.map(problemIn);
  const problems = found.filter((problem) => !isOfAirbyte(problem));
  return {
    valid: valid || problems.length > 0 ? valid : null,
    problems,
    warnings: withVerdict(checks, 'warning'),
    notChecked: [...found.filter(isOfAirbyte), ...withVerdict(checks, 'not possible')],
  };
};

const codeFor = ({ valid }: Verdict) => {
  if (valid === null) return UNKNOWN;
  return valid ? 0 : 1;
};

const sumOf = ({ valid }: Verdict) => {
  if (valid === null) return 'was not checked to the end: it is not known whether it is valid.';
  return valid ? 'is valid.' : 'is not valid.';
};

const linesOf = (given: DescriptorFile, verdict: Verdict) => [
  ...verdict.problems.map((problem) => placed(given, problem)),
  ...verdict.warnings.map(({ message, ...rest }) =>
    placed(given, { ...rest, message: `warning: ${message}` }),
  ),
  ...verdict.notChecked.map(({ message, ...rest }) =>
    placed(given, { ...rest, message: `not checked: ${message}` }),
  ),
  `${given.file} ${sumOf(verdict)}`,
];

/** `provisioner validate`: whether a descriptor is right, and Airbyte and the fabric ready for it. */
export const addValidateCommand = (program: Command, deps: EngineerDeps) => {
  const { print, exitWith } = deps;
  withShared(program.command('validate'), '6m')
    .description('say what is wrong with a descriptor, each with its line; changes nothing')
    .argument('<file>', 'a descriptor, of a component or of a data product')
    .option('--no-airbyte', 'only what the descriptor tells by itself, without a look at Airbyte')
    .action(async (file: string, options: Options, command: Command) => {
      const gateway = asked(options, { command, ...deps });
      const { json, airbyte } = options;
      await onFile(file, { ...deps, json }, async (given) => {
        const verdict = airbyte ? await inAirbyte(gateway, given) : await byItself(gateway, given);
        const lined = (problems: Problem[]) => problems.map((each) => withLine(given, each));
        const told: Verdict = {
          valid: verdict.valid,
          problems: lined(verdict.problems),
          warnings: lined(verdict.warnings),
          notChecked: lined(verdict.notChecked),
        };
        print(json ? JSON.stringify(told, null, 2) : linesOf(given, told).join('\n'));
        exitWith(codeFor(verdict));
      });
    });
};
