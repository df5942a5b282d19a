import type { Kind } from '../../src/airbyte/workspace';
import type { Redactor } from '../../src/secrets/masking';
import { shortened } from '../../workflows/protocol/lengths';
import { inOneLine } from '../../workflows/protocol/one-line';
import type { ToValidate } from '../../workflows/input';
import { createResolve } from '../pipeline/actors';
import type { ActorDeps, ResolveDeps } from '../pipeline/actors';
import { attempt } from '../attempt';
import type { FabricOf } from '../fabric/fabric';
import { isActorAsWanted, masked } from '../comparison/differences';
import { definitionIdOf } from '../problems/definitions';
import { lookAtStreams } from '../pipeline/discovery';
import { checkSpecification, isReadable, withPlatforms } from '../problems/specification';
import type { MappersByHand } from '../comparison/mappers';
import { judgeTags } from './provision-warnings';
import { failed, notPossible, passed } from './checks';
import type { Check } from './checks';
import { definitionsOf, judgeDefinition } from './connectors';
import type { OneEnd } from './connectors';
import { judgeEachOther, judgeNames } from './names';
import type { AdoptionRules } from './names';
import { createFabricCheck } from './fabric';
import { actorsIn, hasAll } from '../workspace';

export type ValidationActivities = ReturnType<typeof createValidationActivities>;

interface ValidationDeps extends ResolveDeps, Pick<ActorDeps, 'airbyteFor'> {
  fabricOf: FabricOf;
  redact: Redactor['redact'];
  adoption: AdoptionRules;
  mappersByHand: MappersByHand;
}

const KINDS = ['source', 'destination'] as const;
const MAX_MESSAGE = 500;
const STREAMS_LATER =
  'are looked at when it is deployed, as the source in Airbyte is not yet as this descriptor wants it';
const ASK = 'Ask the platform operator';

const judgeConfiguration = (
  { component, kind }: OneEnd,
  specification: Record<string, unknown>,
  complete: Record<string, unknown>,
): Check[] => {
  const at = `${component.at}.${kind}`;
  const { configuration } = component.plan[kind];
  const problems = checkSpecification(specification, withPlatforms(configuration, complete), [
    at,
    'connectionConfiguration',
  ]);
  if (problems.length > 0) return problems.map(({ path, message }) => failed(path, message));
  if (!isReadable(specification))
    return [notPossible(at, "the connector's specification cannot be read: Airbyte judges alone")];
  return [passed(at, "the configuration is as the connector's specification wants it")];
};

const wantedOf = ({ component: { plan }, kind }: OneEnd) => ({
  plan: plan[kind],
  key: plan.component.key,
});

/** A component whose two ends are in Airbyte already. */
interface InAirbyte {
  component: ToValidate;
  sourceId: string;
  destinationId: string;
}

/** Lines of a check on streams, of which a source may have thousands. */
const MAX_STREAM_PROBLEMS = 20;

/** Looking at Airbyte, and at fabrics, on behalf of a descriptor. Nothing is written there. */
export const createValidationActivities = (deps: ValidationDeps) => {
  const { airbyteFor, fabricOf, redact, adoption, mappersByHand, ...rest } = deps;
  const resolve = createResolve(rest);

  return {
    checkWorkspace: (): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const airbyte = await airbyteFor(interest);
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
        const airbyte = await airbyteFor(interest);
        const source = await definitionsOf(airbyte, 'source');
        const destination = await definitionsOf(airbyte, 'destination');
        const known = { source, destination };
        return components.flatMap((component) =>
          KINDS.map((kind) => judgeDefinition({ component, kind }, known[kind])),
        );
      }),

    checkNames: ({ components }: { components: ToValidate[] }): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const airbyte = await airbyteFor(interest);
        const keys = components.map(({ plan }) => plan.component.key);
        const [actors, connection] = await Promise.all([
          actorsIn(airbyte, hasAll(keys)),
          airbyte.listConnections(),
        ]);
        const all = { ...actors, connection };
        let tags: ReturnType<typeof airbyte.listTags> | undefined;
        const once = { listTags: () => (tags ??= airbyte.listTags()) };
        const alone = components.map(async (component) => {
          const idOf = (kind: Kind) =>
            definitionIdOf(airbyte, kind, component.plan[kind]).catch(() => undefined);
          const ids = { source: await idOf('source'), destination: await idOf('destination') };
          const names = judgeNames(component, ids, { all, adoption, mappersByHand });
          return [...names, ...(await judgeTags(once, component))];
        });
        return [...(await Promise.all(alone)).flat(), ...judgeEachOther(components)];
      }),

    /** The configuration, completed as a provision would, against the connector's specification. */
    checkConfiguration: (end: OneEnd): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const { component, kind } = end;
        const at = `${component.at}.${kind}`;
        const airbyte = await airbyteFor(interest);
        const { definitionId, configuration } = await resolve(airbyte, kind, wantedOf(end));
        const specification = await airbyte.specificationOf(kind, definitionId);
        if (!specification)
          return [
            notPossible(
              at,
              "the configuration was not compared with the connector's specification, as this API of Airbyte serves none",
            ),
          ];
        return judgeConfiguration(end, specification, configuration);
      }),

    /** Whether the streams are there, where the source in Airbyte is the one that is wanted. */
    checkStreams: ({ component, ...ids }: InAirbyte): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const airbyte = await airbyteFor(interest);
        const at = `${component.at}.connection.streams`;
        const source = await airbyte.getActor('source', ids.sourceId);
        const wanted = await resolve(airbyte, 'source', wantedOf({ component, kind: 'source' }));
        if (!source || !isActorAsWanted(masked(source), wanted))
          return [notPossible(at, STREAMS_LATER)];
        const { plan } = component;
        const given = { ...ids, plan: plan.connection, connector: plan.destination.connector };
        const { streams, problems } = await lookAtStreams(airbyte, given);
        if (streams.length === 0) return [failed(at, 'the source has no streams to sync')];
        if (problems.length === 0)
          return [passed(at, `the source offers them, and ${String(streams.length)} in all`)];
        return problems
          .slice(0, MAX_STREAM_PROBLEMS)
          .map(({ path, message }) =>
            failed(path.replace('specific', component.at), shortened(message, MAX_MESSAGE)),
          );
      }),

    /** Whether Airbyte itself reaches what the configuration names. */
    tryConnector: (end: OneEnd): Promise<Check[]> =>
      attempt(async ({ interest }) => {
        const { component, kind } = end;
        const at = `${component.at}.${kind}`;
        const airbyte = await airbyteFor(interest);
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
        const why = shortened(
          inOneLine(redact(check.message ?? 'it does not say why')),
          MAX_MESSAGE,
        );
        return [failed(at, `Airbyte does not reach the ${kind}: ${why}`)];
      }),

    ...createFabricCheck(fabricOf),
  };
};
