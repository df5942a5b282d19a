import { isDeepStrictEqual } from 'node:util';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { OneEnvironmentConfig, WorkerConfig } from '../config/config';
import { tracedFabricCall } from '../tracing/calls';
import { isRunToken, readToken } from '../runs/token';
import { environmentsOn } from '../settings/environments';
import type { EnvironmentSettings } from '../settings/environments';
import type { Settings } from '../settings/settings';
import { activitiesOf } from './activities';
import type { Activities, Made } from './activities';
import { environmentOfFile, environmentOfVariables } from './environment';
import type { Environment } from './environment';
import { createOpenFabrics } from './fabrics';

const textIn = (given: unknown, field: string): string | undefined => {
  const told: unknown =
    typeof given === 'object' && given !== null ? Reflect.get(given, field) : undefined;
  return typeof told === 'string' ? told : undefined;
};

/** Runs whose ids are no tokens tell their environment as an argument, or by the key of their component. */
const environmentIn = (id: string, [given]: unknown[]): string | undefined => {
  const told = textIn(given, 'environment');
  if (told !== undefined) return told;
  return isRunToken(id) ? readToken(id).environment : textIn(given, 'key')?.split('/')[0];
};

/** One of whoever was not told of the configuration file, such as a command line without it. */
const ofNoEnvironment = (id: string) => {
  const problem = `The run ${id} is of no environment, and this worker has a configuration file with several.`;
  const solution =
    'Set PROVISIONER_CONFIG of the command line to the file that the workers have, then start it again.';
  return ApplicationFailure.nonRetryable(problem, 'AirbyteRefused', { problem, solution });
};

/** A changed file does not reach all programs at once, so it is looked for again. */
const notConfigured = (name: string) => {
  const problem = `The environment "${name}" is not in the configuration file of this worker.`;
  const solution =
    'Ask the platform operator to put it there again: the run then goes on, or can be replayed. Or cancel the run.';
  return ApplicationFailure.retryable(problem, 'AirbyteUnavailable', { problem, solution });
};

interface Known extends Pick<Environment, 'grantsOf'> {
  given: EnvironmentSettings;
  activities: Activities;
}

/** The activities of each environment of a file; made anew when what the file says of it has changed. */
const createByEnvironment = (settings: () => Settings, config: WorkerConfig, made: Made) => {
  const known = new Map<string, Known>();
  const { secrets, requestTimeout } = config;
  const open = createOpenFabrics(settings, {
    secrets,
    requestTimeout,
    log: made.log,
    observe: (called) => {
      made.metrics.fabricCalled(called);
      tracedFabricCall(made.tracing, called);
    },
  });
  return (name: string): Activities => {
    const given = settings().environments[name];
    const environment = given && environmentOfFile({ name, settings, open }, config);
    if (!given || !environment) {
      known.delete(name);
      throw notConfigured(name);
    }
    const { grantsOf } = environment;
    const former = known.get(name);
    if (former && former.grantsOf === grantsOf && isDeepStrictEqual(former.given, given))
      return former.activities;
    const activities = activitiesOf(environment, config, made);
    known.set(name, { given, grantsOf, activities });
    return activities;
  };
};

/** Of a worker that serves the environments of a file, or the one of its variables. */
export type Served =
  | { settings: () => Settings; config: WorkerConfig }
  | { settings: undefined; config: OneEnvironmentConfig };

/**
 * The activities a worker offers: each call goes to those of the environment of its run. What has begun
 * ends as it began; the next step sees what the file says by then.
 */
export const routedActivities = ({ settings, config }: Served, made: Made): object => {
  if (!settings) return activitiesOf(environmentOfVariables(config), config, made);
  const byEnvironment = createByEnvironment(settings, config, made);
  const { environments } = settings();
  // Of one that this worker may reach: making them can look for that Airbyte, with its credentials.
  const [first = ''] = [
    ...environmentsOn(environments, config.taskQueue),
    ...Object.keys(environments),
  ];
  const names = Object.keys(byEnvironment(first));
  const routed =
    (name: string) =>
    (...args: unknown[]): unknown => {
      const { workflowExecution } = Context.current().info;
      const id = workflowExecution?.workflowId ?? '';
      const environment = environmentIn(id, args);
      if (environment === undefined) throw ofNoEnvironment(id);
      const activity: unknown = Reflect.get(byEnvironment(environment), name);
      if (typeof activity !== 'function') throw new Error(`There is no activity ${name}.`);
      return Reflect.apply(activity, undefined, args);
    };
  return Object.fromEntries(names.map((name) => [name, routed(name)]));
};
