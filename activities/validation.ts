import type { Airbyte, Definition, Kind } from '../src/airbyte';
import { AirbyteError } from '../src/airbyte-error';
import type { Redactor } from '../src/secrets';
import type { ToValidate } from '../workflows/validate';
import { createResolve } from './actors';
import type { ActorDeps } from './actors';
import { attempt } from './attempt';
import { failed, notPossible, passed } from './validation-checks';
import type { Check } from './validation-checks';
import { judgeEachOther, judgeNames } from './validation-names';
import { breachesOf } from './validation-specification';
import type { Breach } from './validation-specification';

export type { Check } from './validation-checks';

export type ValidationActivities = ReturnType<typeof createValidationActivities>;

export interface ValidationDeps extends Pick<
  ActorDeps,
  'airbyteFor' | 'fabrics' | 'fingerprintKey'
> {
  redact: Redactor['redact'];
}

/** The one of a component's two ends that a check is about. */
export interface OneEnd {
  component: ToValidate;
  kind: Kind;
}

const KINDS = ['source', 'destination'] as const;
const MAX_MESSAGE = 500;
const ASK = 'Ask the platform operator';

/** Statuses of an Airbyte that has no such list, or does not show it to us. */
const UNLISTED = [403, 404, 405, 501];

/** Undefined where this Airbyte does not tell which connectors there are. */
const definitionsOf = async (airbyte: Airbyte, kind: Kind) => {
  try {
    return await airbyte.listDefinitions(kind);
  } catch (err) {
    if (err instanceof AirbyteError && UNLISTED.includes(err.status ?? 0)) return undefined;
    throw err;
  }
};

const describeDefinition = ({ name, dockerRepository = '', dockerImageTag = '' }: Definition) =>
  `${name} (${[dockerRepository, dockerImageTag].filter(Boolean).join(' ')})`.replace(' ()', '');

const judgeDefinition = (
  { component: { plan, at: base }, kind }: OneEnd,
  definitions: Definition[] | undefined,
): Check => {
  const at = `${base}.${kind}`;
  const { connector, definitionId } = plan[kind];
  if (!definitions)
    return notPossible(at, `this Airbyte does not tell which ${kind} connectors it has`);
  const found = definitions.find(({ id }) => id === definitionId);
  if (found) return passed(at, `the connector ${describeDefinition(found)} is available`);
  return failed(
    `${at}.connector`,
    `${connector} (${definitionId}) is not among the ${kind} connectors of this Airbyte workspace. ${ASK} to add it.`,
  );
};

/** What the descriptor does not say is the operator's: host, role, credentials. */
const judgeBreach = (
  { component: { plan, at: base }, kind }: OneEnd,
  { path, message }: Breach,
) => {
  const at = `${base}.${kind}`;
  const [field = ''] = path;
  if (path.length === 0 || field in plan[kind].configuration)
    return failed([at, 'connectionConfiguration', ...path].join('.'), message);
  const where = [at, 'connectionConfiguration', ...path].join('.');
  return failed(
    where,
    `${message}. Give it, or, if it is the platform's to set, ask the operator.`,
  );
};

/** Looking at Airbyte on behalf of a descriptor. Nothing is written there. */
export const createValidationActivities = ({ airbyteFor, redact, ...rest }: ValidationDeps) => {
  const resolve = createResolve(rest);

  return {
    checkWorkspace: (): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const airbyte = airbyteFor(interest);
        const workspace = await airbyte.getWorkspace();
        const answers = passed('Airbyte', 'answers, and takes the credentials of the provisioner');
        if (workspace) return [answers, passed('Airbyte', `has the workspace "${workspace.name}"`)];
        return [
          answers,
          failed(
            'Airbyte',
            `has no workspace ${airbyte.workspaceId}. ${ASK} to check AIRBYTE_WORKSPACE_ID.`,
          ),
        ];
      }),

    checkConnectors: ({ components }: { components: ToValidate[] }): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const airbyte = airbyteFor(interest);
        const source = await definitionsOf(airbyte, 'source');
        const destination = await definitionsOf(airbyte, 'destination');
        const known = { source, destination };
        return components.flatMap((component) =>
          KINDS.map((kind) => judgeDefinition({ component, kind }, known[kind])),
        );
      }),

    checkNames: ({ components }: { components: ToValidate[] }): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const airbyte = airbyteFor(interest);
        const [source, destination, connection] = await Promise.all([
          airbyte.listActors('source'),
          airbyte.listActors('destination'),
          airbyte.listConnections(),
        ]);
        const all = { source, destination, connection };
        const alone = components.flatMap((component) => judgeNames(component, all));
        return [...alone, ...judgeEachOther(components)];
      }),

    /** The configuration, completed as a provision would, against the connector's specification. */
    checkConfiguration: (end: OneEnd): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const { component, kind } = end;
        const at = `${component.at}.${kind}`;
        const plan = component.plan[kind];
        const { configuration } = await resolve(plan, component.plan.component.key);
        const specification = await airbyteFor(interest).specificationOf(kind, plan.definitionId);
        if (!specification)
          return [
            notPossible(
              at,
              "the configuration was not compared with the connector's specification, as this API of Airbyte serves none",
            ),
          ];
        const breaches = breachesOf(specification, configuration);
        if (!breaches)
          return [notPossible(at, "the connector's specification is not one that can be read")];
        if (breaches.length > 0) return breaches.map((breach) => judgeBreach(end, breach));
        return [passed(at, "the configuration is as the connector's specification wants it")];
      }),

    /** Whether Airbyte itself reaches what the configuration names. */
    tryConnector: ({ component, kind }: OneEnd): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const at = `${component.at}.${kind}`;
        const { definitionId, ...plan } = component.plan[kind];
        const { configuration } = await resolve(
          { definitionId, ...plan },
          component.plan.component.key,
        );
        const check = await airbyteFor(interest).check(kind, { definitionId, configuration });
        if (!check)
          return [
            notPossible(
              at,
              `whether Airbyte reaches the ${kind} was not tried, as this API of Airbyte has no check for it`,
            ),
          ];
        if (check.succeeded) return [passed(at, `Airbyte reaches the ${kind}`)];
        const why = redact(check.message ?? 'it does not say why').slice(0, MAX_MESSAGE);
        return [failed(at, `Airbyte does not reach the ${kind}: ${why}`)];
      }),
  };
};
