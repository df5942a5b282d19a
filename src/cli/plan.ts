import { Option } from 'commander';
import type { Command } from 'commander';
import { PlanStatus } from '../contract/plan';
import type { PlannedComponent, PlannedEntity } from '../contract/plan';
import type { DescriptorFile } from '../descriptor/file';
import { asked, onFile, TO_DO, withShared } from './engineer';
import type { EngineerDeps, Shared } from './engineer';
import { problemIn, Unknown } from './gateway';
import { placed, withLine } from './places';

interface Options extends Shared {
  exitCode?: boolean;
}

const entityLine = ({ kind, action, name, system, differs }: PlannedEntity) =>
  `  ${action.padEnd(9)} ${kind} "${name}"${system === undefined ? '' : ` in ${system}`}${differs ? `: ${differs.join(', ')}` : ''}`;

/** The refusal names the place in the descriptor where it can. */
const refusalLines = (
  given: DescriptorFile,
  { at, refused }: Pick<PlannedComponent, 'at' | 'refused'>,
) => {
  if (!refused) return [];
  const found = refused.problem.startsWith('specific.') ? problemIn(refused.problem) : undefined;
  const problem = found
    ? { ...found, path: found.path.replace(/^specific/, at) }
    : { path: at, message: refused.problem };
  return [placed(given, withLine(given, problem)), `  What to do: ${refused.solution}`];
};

const componentLines = (given: DescriptorFile, planned: PlannedComponent) => [
  planned.component,
  ...planned.entities.map(entityLine),
  ...(planned.tags ?? []).map((tag) => `  ${'create'.padEnd(9)} tag "${tag}"`),
  ...planned.warnings.map((warning) => `  ! ${warning}`),
  ...planned.open.map((open) => `  ? ${open}`),
  ...refusalLines(given, planned),
];

const pageOf = (given: DescriptorFile, { components = [], warnings = [], result }: PlanStatus) =>
  [
    ...warnings.map((warning) => placed(given, withLine(given, problemIn(warning)))),
    ...components.flatMap((planned) => [...componentLines(given, planned), '']),
    result,
  ].join('\n');

const changesIn = ({ components = [] }: PlanStatus) =>
  components.some(({ entities }) => entities.some(({ action }) => action !== 'keep'));

const codeFor = (plan: PlanStatus, exitCode: boolean | undefined) => {
  if (plan.components?.some(({ refused }) => refused)) return 1;
  return exitCode && changesIn(plan) ? TO_DO : 0;
};

/** `provisioner plan`: what a provision would do in Airbyte and in fabrics, before it does. */
export const addPlanCommand = (program: Command, deps: EngineerDeps) => {
  const { print, exitWith } = deps;
  withShared(program.command('plan'), '6m')
    .description(
      'tell what a provision would create, change and overwrite in Airbyte, and make in fabrics; changes nothing',
    )
    .argument('<file>', 'a descriptor, of a component or of a data product')
    .addOption(
      new Option(
        '--exit-code',
        `end with ${String(TO_DO)} where a provision would change something`,
      ),
    )
    .action(async (file: string, options: Options, command: Command) => {
      const gateway = asked(options, { command, ...deps });
      const { json, exitCode } = options;
      await onFile(file, { ...deps, json }, async (given) => {
        const token = await gateway.start('/v1/plan', given.request);
        const plan = await gateway.follow('/v1/plan', token, {
          schema: PlanStatus,
          hasEnded: ({ status }) => status !== 'RUNNING',
        });
        if (plan.status === 'FAILED')
          throw new Unknown(plan.result, { solutions: ['Try again; a plan changes nothing.'] });
        print(json ? JSON.stringify(plan, null, 2) : pageOf(given, plan));
        exitWith(codeFor(plan, exitCode));
      });
    });
};
