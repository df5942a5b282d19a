import { isDeepStrictEqual } from 'node:util';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { OneEnvironmentConfig, WorkerConfig } from '../config/config';
import { readToken } from '../runs/token';
import type { EnvironmentSettings } from '../settings/environments';
import type { Settings } from '../settings/settings';
import { activitiesOf } from './activities';
import type { Activities, Made } from './activities';
import { environmentOfFile, environmentOfVariables } from './environment';

/** Runs whose ids are no tokens tell their environment as an argument. */
const environmentIn = (id: string, [given]: unknown[]): string => {
  const told: unknown =
    typeof given === 'object' && given !== null ? Reflect.get(given, 'environment') : undefined;
  return typeof told === 'string' ? told : readToken(id).environment;
};

/** A changed file does not reach all programs at once, so it is looked for again. */
const notConfigured = (name: string) =>
  ApplicationFailure.retryable(
    `The environment "${name}" is not in the configuration file of this worker.`,
    'AirbyteUnavailable',
    {
      problem: `The environment "${name}" is not in the configuration file of this worker.`,
      solution: 'Ask the platform operator to put it there again, then replay the run.',
    },
  );

interface Known {
  given: EnvironmentSettings;
  activities: Activities;
}

/** The activities of each environment of a file; made anew when what the file says of it has changed. */
const createByEnvironment = (settings: () => Settings, config: WorkerConfig, made: Made) => {
  const known = new Map<string, Known>();
  return (name: string): Activities => {
    const given = settings().environments[name];
    const environment = given && environmentOfFile({ name, settings }, config);
    if (!given || !environment) throw notConfigured(name);
    const former = known.get(name);
    if (former && isDeepStrictEqual(former.given, given)) return former.activities;
    const activities = activitiesOf(environment, config, made);
    known.set(name, { given, activities });
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
  const [first = ''] = Object.keys(settings().environments);
  const names = Object.keys(byEnvironment(first));
  const routed =
    (name: string) =>
    (...args: unknown[]): unknown => {
      const { workflowExecution } = Context.current().info;
      const id = workflowExecution?.workflowId ?? '';
      const activity: unknown = Reflect.get(byEnvironment(environmentIn(id, args)), name);
      if (typeof activity !== 'function') throw new Error(`There is no activity ${name}.`);
      return Reflect.apply(activity, undefined, args);
    };
  return Object.fromEntries(names.map((name) => [name, routed(name)]));
};
