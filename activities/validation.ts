import type { Airbyte, Definition, Kind } from '../src/airbyte';
import { AirbyteError } from '../src/airbyte-error';
import type { Redactor } from '../src/secrets';
import { suggestion } from '../src/suggestions';
import type { ToValidate } from '../workflows/validate';
import { createResolve } from './actors';
import type { ActorDeps, ResolveDeps } from './actors';
import { attempt } from './attempt';
import { definitionIdOf } from './definitions';
import { failed, notPossible, passed } from './validation-checks';
import type { Check } from './validation-checks';
import { judgeEachOther, judgeNames } from './validation-names';
import { breachesOf } from './validation-specification';
import type { Breach } from './validation-specification';

export type { Check } from './validation-checks';

export type ValidationActivities = ReturnType<typeof createValidationActivities>;

export interface ValidationDeps extends ResolveDeps, Pick<ActorDeps, 'airbyteFor'> {
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

const describeWanted = ({ component: { plan }, kind }: OneEnd) => {
  const wanted = plan[kind];
  const named = wanted.connector === 'custom' ? wanted.definitionName : undefined;
  if (named === undefined) return { isWanted: ({ id }: Definition) => id === wanted.definitionId };
  return { named, isWanted: ({ name }: Definition) => name === named };
};

const absent = (end: OneEnd, definitions: Definition[], named: string | undefined) => {
  const at = `${end.component.at}.${end.kind}`;
  const ask = `is not among the ${end.kind} connectors of this Airbyte workspace`;
  const { connector, definitionId = '' } = end.component.plan[end.kind];
  if (named === undefined)
    return failed(`${at}.connector`, `${connector} (${definitionId}) ${ask}. ${ASK} to add it.`);
  const meant = suggestion(
    named,
    definitions.map(({ name }) => name),
  );
  return failed(`${at}.definitionName`, `"${named}" ${ask}${meant || `. ${ASK} to add it.`}`);
};

const judgeDefinition = (end: OneEnd, definitions: Definition[] | undefined): Check => {
  const at = `${end.component.at}.${end.kind}`;
  if (!definitions)
    return notPossible(at, `this Airbyte does not tell which ${end.kind} connectors it has`);
  const { named, isWanted } = describeWanted(end);
  const [found, another] = definitions.filter(isWanted);
  if (!found) return absent(end, definitions, named);
  if (!another) return passed(at, `the connector ${describeDefinition(found)} is available`);
  return failed(
    `${at}.definitionName`,
    `is the name of more than one connector. Give the definitionId instead: ${found.id} or ${another.id}.`,
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

const wantedOf = ({ component: { plan }, kind }: OneEnd) => ({
  plan: plan[kind],
  key: plan.component.key,
});

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
        const alone = components.map(async (component) => {
          const idOf = (kind: Kind) =>
            definitionIdOf(airbyte, kind, component.plan[kind]).catch(() => undefined);
          const ids = { source: await idOf('source'), destination: await idOf('destination') };
          return judgeNames(component, ids, all);
        });
        return [...(await Promise.all(alone)).flat(), ...judgeEachOther(components)];
      }),

    /** The configuration, completed as a provision would, against the connector's specification. */
    checkConfiguration: (end: OneEnd): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const { component, kind } = end;
        const at = `${component.at}.${kind}`;
        const airbyte = airbyteFor(interest);
        const { definitionId, configuration } = await resolve(airbyte, kind, wantedOf(end));
        const specification = await airbyte.specificationOf(kind, definitionId);
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
    tryConnector: (end: OneEnd): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const { component, kind } = end;
        const at = `${component.at}.${kind}`;
        const airbyte = airbyteFor(interest);
        const wanted = await resolve(airbyte, kind, wantedOf(end));
        const check = await airbyte.check(kind, wanted);
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
