import type { Command } from 'commander';
import pLimit from 'p-limit';
import { pageOf, plural, repairsPage } from './drift-page';
import type { Repair } from './drift-page';
import { firstLine } from './tables';
import type { Terminal } from './tables';
import { mustBeConfigured } from './environments';
import type { ConfiguredEnvironments } from './environments';
import { untilEnded } from './wait';
import type { ProvisioningStatus } from '../contract/coordinator';
import type { Drift, Whose } from '../operator/drift';
import { componentName, environmentName } from '../contract/commands';
import { countOf, joinedReports } from '../contract/drift';
import type { DriftReport, Finding } from '../contract/drift';
import { RequestError, SystemProblem } from '../contract/problems';

/** The exit code for findings; 1 is an error. */
const FOUND = 3;
/** Environments checked at once. */
const MAX_CHECKS = 10;
/** Components repaired at once: other runs are not to wait for them. */
const MAX_REPAIRS = 10;
/** Milliseconds one repair is waited for. */
const PATIENCE = 30 * 60_000;

interface DriftCommandDeps extends Terminal {
  drift: Pick<Drift, 'check' | 'knows' | 'last'>;
  environments: ConfiguredEnvironments;
  /** Does again what the run of a token was to do. */
  replay: (token: string) => Promise<unknown>;
  statusOf: (token: string) => Promise<ProvisioningStatus>;
}

interface Options {
  last?: boolean;
  repair?: boolean;
  changed?: boolean;
  component?: string;
  environment?: string;
  json?: boolean;
}

type Known = RequestError | SystemProblem;

/** What became of the checks of some environments. */
interface Checks {
  report: DriftReport;
  /** Of the others: why there is no report. */
  failed: { environment: string; err: Known }[];
}

const isKnownProblem = (err: unknown): err is Known =>
  err instanceof RequestError || err instanceof SystemProblem;

interface Wanted {
  kinds: Finding['kind'][];
  /** Undefined: of all. */
  component: Whose | undefined;
}

/** Who reads what of a fabric no provision changes. */
const isRepairable = ({ kind, fabric }: Finding, kinds: Finding['kind'][]) =>
  kinds.includes(kind) && !(kind === 'changed' && fabric !== undefined);

/** The components to be provisioned again, each with the run that made it. */
const toRepair = (
  { findings }: DriftReport,
  { kinds, component: only }: Wanted,
): [component: string, token: string][] => [
  ...new Map(
    findings.flatMap((finding) => {
      const { token, component } = finding;
      return isRepairable(finding, kinds) &&
        token &&
        (only === undefined || isCalled(component, only))
        ? [[component, token] as const]
        : [];
    }),
  ),
];

const isSame = (one: string, other: string) => one.toLowerCase() === other.toLowerCase();

/** As the report has it, or without its environment, or by its URN; in any case. */
const isCalled = (key: string, { component, environment }: Whose) => {
  const called = key.toLowerCase();
  if (environment !== undefined) return called === `${environment.toLowerCase()}/${component}`;
  return called.slice(called.indexOf('/') + 1) === component;
};

const readComponent = (name: string | undefined, command: Command): Whose | undefined => {
  if (name === undefined) return undefined;
  const [, environment, rest = name] = /^([^/]*)\/(.*)$/s.exec(name) ?? [];
  const { data: component, error } = componentName.safeParse(rest);
  if (component !== undefined) return { component, environment };
  return command.error(`error: --component ${error.issues[0]?.message ?? ''}`);
};

const readEnvironment = (name: string | undefined, command: Command): string | undefined => {
  const problem = name && environmentName.safeParse(name).error?.issues[0]?.message;
  return problem ? command.error(`error: --environment ${problem}`) : name;
};

const noSuchComponent = ({ component, environment }: Whose) =>
  new RequestError(
    [
      {
        path: 'component',
        message: `Temporal remembers no run of ${environment === undefined ? '' : `${environment}/`}${component}`,
      },
    ],
    { solutions: ['Nothing was repaired. "provisioner drift" names the components it finds.'] },
  );

/** `provisioner drift`: what is not as the runs have left it and, if asked, making it so again. */
export const addDriftCommand = (
  program: Command,
  { drift, environments, replay, statusOf, print, say, exitWith }: DriftCommandDeps,
) => {
  const outcomeOf = async (token: string): Promise<[string, string]> => {
    const status = (await untilEnded([token], { statusOf, timeout: PATIENCE })).get(token);
    return status
      ? [status.status, firstLine(status.result)]
      : ['UNKNOWN', 'Temporal could not be asked how it ended.'];
  };

  /** One that cannot be started, or asked for, does not keep the others from it. */
  const orReason = (err: unknown): [string, string] => {
    if (isKnownProblem(err)) return ['UNKNOWN', firstLine(err.message)];
    throw err;
  };

  const repairOf = async (component: string, token: string): Promise<Repair> => {
    const [status, result] = await replay(token)
      .then(() => outcomeOf(token))
      .catch(orReason);
    return { component, token, status, result };
  };

  const repairAll = (differing: [component: string, token: string][]) => {
    const limit = pLimit(MAX_REPAIRS);
    return Promise.all(differing.map((one) => limit(() => repairOf(...one))));
  };

  const lastOrFail = async (environment: string | undefined) => {
    const report = await drift.last(environment);
    if (report) return report;
    throw new SystemProblem('Temporal remembers no completed check for drift.', {
      solutions: ['Leave out --last to check now, or set RECONCILE_EVERY of the workers.'],
    });
  };

  /** The one that is named, else each of the configuration file; undefined: all in one check. */
  const scopesOf = (environment: string | undefined, component: Whose | undefined) => {
    const configured = environments();
    const named = environment ?? component?.environment;
    const meant = configured?.find((each) => named !== undefined && isSame(each, named));
    if (environment !== undefined) {
      mustBeConfigured(meant ?? environment, configured);
      return [meant ?? environment];
    }
    return meant === undefined ? (configured ?? [undefined]) : [meant];
  };

  /** One that cannot be checked does not keep the others from it; fails where none can. */
  const checksOf = async (
    scopes: readonly (string | undefined)[],
    checkOne: (environment: string | undefined) => Promise<DriftReport>,
  ): Promise<Checks> => {
    const limit = pLimit(MAX_CHECKS);
    const failed: Checks['failed'] = [];
    const checked = await Promise.all(
      scopes.map((environment) =>
        limit(() => checkOne(environment)).catch((err: unknown) => {
          if (environment === undefined || !isKnownProblem(err)) throw err;
          failed.push({ environment, err });
          return [];
        }),
      ),
    );
    const [first, ...others] = checked.flat();
    if (first) return { report: joinedReports([first, ...others]), failed };
    const [only, ...more] = failed;
    throw more.length === 0 && only
      ? only.err
      : new SystemProblem('No environment could be checked for drift.', {
          solutions: failed.map(({ environment, err }) => `${environment}: ${err.message}`),
        });
  };

  /** What Temporal does not find by its component, as it lacks the search attribute, may be there. */
  const isKnown = async (component: Whose, { findings }: DriftReport) =>
    findings.some((each) => isCalled(each.component, component)) ||
    (await drift.knows(component).catch(() => true));

  const repairAndCheck = async (
    found: Checks,
    { wanted, again }: { wanted: Wanted; again: () => Promise<Checks> },
  ) => {
    const differing = toRepair(found.report, wanted);
    if (differing.length === 0) {
      const { component } = wanted;
      if (component && !(await isKnown(component, found.report))) throw noSuchComponent(component);
      say('Nothing to provision again.');
      return { ...found, repairs: [] };
    }
    say(`Provisioning ${plural(differing.length, 'component')} again …`);
    const repairs = await repairAll(differing);
    return { ...(await again()), repairs };
  };

  program
    .command('drift')
    .description(
      'compare what runs have provisioned with what Airbyte and the fabrics have; deletes nothing',
    )
    .option('--last', 'show the newest report instead of checking now; needs no worker')
    .option('--repair', 'provision again what is missing, and wait for it')
    .option('--changed', 'with --repair: also what is there but not as its run has left it')
    .option('--component <component>', 'with --repair: only this one')
    .option('--environment <environment>', 'only of this one; else of all')
    .option('--json', 'print one JSON document instead of a table')
    .addHelpText('after', '\nEnds with 0: no findings, 3: findings, 1: an error, 2: wrong usage.')
    .action(async (given: Options, command: Command) => {
      const { last, repair, changed, component, environment, json } = given;
      if (last && repair) command.error('error: --repair needs a check of now: leave out --last');
      if (!repair && (changed || component !== undefined))
        command.error('error: --changed and --component say what to --repair');
      const only = readComponent(component, command);
      if (
        only?.environment !== undefined &&
        !isSame(environment ?? only.environment, only.environment)
      )
        command.error('error: --component is of another environment than --environment');
      const kinds: Finding['kind'][] = changed ? ['missing', 'changed'] : ['missing'];
      const scopes = scopesOf(readEnvironment(environment, command), only);
      const check = () => checksOf(scopes, (each) => drift.check(each));
      const found = await (last ? checksOf(scopes, lastOrFail) : check());
      const wanted = { kinds, component: only };
      const { report, failed, repairs } = repair
        ? await repairAndCheck(found, { wanted, again: check })
        : { ...found, repairs: [] };
      if (json) print(JSON.stringify(repair ? { ...report, repairs } : report, null, 2));
      else {
        if (repairs.length > 0) print(repairsPage(repairs));
        print(pageOf(report));
      }
      for (const { environment: name, err } of failed)
        say([`${name}: ${err.message}`, ...err.solutions].join('\n'));
      if (failed.length > 0) exitWith(1);
      else exitWith(countOf(report) === 0 ? 0 : FOUND);
    });
};
