import type { AirbyteOptions } from '../airbyte/client';
import type { AirbyteAuth } from '../airbyte/session';
import type { OneEnvironmentConfig, WorkerConfig } from '../config/config';
import { Refusal } from '../contract/problems';
import type { FabricOf } from '../../activities/fabric/fabric';
import type { WrittenTo } from '../../activities/fabric/written';
import type { Fabrics } from '../fabrics/fabrics';
import { createNamedFabrics, createWrittenTo } from './fabrics';
import type { OpenFabrics } from './fabrics';
import { createPlatformFabrics } from '../fabrics/platform';
import { platformSnowflake } from '../fabrics/snowflake/platform';
import { Unresolved, createSecretLookup } from '../secrets/lookup';
import type { SecretLookup } from '../secrets/lookup';
import { createRedactor } from '../secrets/masking';
import type { Redactor } from '../secrets/masking';
import { createSecretReferences } from '../secrets/references';
import type { Allowance, SecretReferences } from '../secrets/references';
import type { EnvironmentSettings } from '../settings/environments';
import { ownerIn } from '../settings/ownership';
import type { Settings } from '../settings/settings';
import { componentProblem, judgedOwner, secretRemedy } from '../settings/tenancy';

/** What a worker has for the descriptors of one environment, or of all where no file names any. */
export interface Environment {
  /** As in descriptors and in names in Airbyte; undefined: whatever they say. */
  name: string | undefined;
  airbyte: Pick<
    AirbyteOptions,
    'api' | 'url' | 'workspaceId' | 'maxInFlight' | 'requestTimeout' | 'credentials'
  > & { uiUrl: string };
  fabrics: Fabrics;
  /** What components have in the fabrics they write to. */
  fabricOf: FabricOf;
  /** Where their destinations in Airbyte write to. */
  writtenTo: WrittenTo;
  references: SecretReferences;
  redactor: Redactor;
  /** What updateacl grants; `none`: nothing. */
  accessPermission: string;
  /** The workspace whose grants are remembered apart from others' of the task queue. */
  grantsOf?: string | undefined;
  /** The team of a component, by its key; undefined where no configuration file names teams. */
  teamOf?: (componentKey: string) => string | undefined;
  /** Why no team may deploy a component, by its key; undefined: one may. */
  forbids?: (componentKey: string) => string | undefined;
}

const remember = (redactor: Redactor, auth: AirbyteAuth) => {
  if (auth.kind === 'oauth') redactor.remember(auth.clientSecret);
  if (auth.kind === 'basic') {
    redactor.remember(auth.password);
    redactor.remember(btoa(`${auth.username}:${auth.password}`));
  }
};

/** As the variables of the worker describe it. */
export const environmentOfVariables = (config: OneEnvironmentConfig): Environment => {
  const { auth, ...airbyte } = config.airbyte;
  const redactor = createRedactor();
  remember(redactor, auth);
  return {
    name: undefined,
    airbyte: { ...airbyte, credentials: () => Promise.resolve(auth) },
    fabrics: createPlatformFabrics([platformSnowflake(config.snowflake, redactor)]),
    // What the variables describe only lends its credentials.
    fabricOf: () => undefined,
    writtenTo: () => undefined,
    references: createSecretReferences(createSecretLookup(config.secrets, redactor), {
      namesFor: () => config.secretsAllowed,
      remedyFor: (name) =>
        `Name another secret, or ask the platform operator to add ${name} to SECRETS_ALLOWED.`,
    }),
    redactor,
    accessPermission: config.accessPermission,
  };
};

/** As they are now: of each token anew, so that a rotated secret is noticed. */
const credentialsOf =
  (
    { clientId, clientSecret, username, password }: EnvironmentSettings['airbyte']['auth'],
    { name, lookUp, redactor }: { name: string; lookUp: SecretLookup; redactor: Redactor },
  ) =>
  async (): Promise<AirbyteAuth> => {
    const secretOf = async ({ secretRef }: { secretRef: string }) => {
      try {
        return await lookUp(secretRef);
      } catch (err) {
        if (!(err instanceof Unresolved)) throw err;
        throw new Refusal(`Of Airbyte's credentials in ${name} ${err.message}.`, err.remedy);
      }
    };
    let auth: AirbyteAuth = { kind: 'none' };
    if (clientId !== undefined && clientSecret)
      auth = { kind: 'oauth', clientId, clientSecret: await secretOf(clientSecret) };
    if (username !== undefined && password)
      auth = { kind: 'basic', username, password: await secretOf(password) };
    remember(redactor, auth);
    return auth;
  };

/** Whether what was granted in a workspace before there was a file is remembered as its. */
const isOfVariables = ({ environments }: Settings, workspaceId: string) =>
  Object.values(environments).some(
    ({ airbyte, grantsOfVariables }) => grantsOfVariables && airbyte.workspaceId === workspaceId,
  );

/** Those of its team, in an environment that the team has. */
const secretsOfTeams = (settings: () => Settings): Allowance => ({
  mayChange: true,
  namesFor: (key) => {
    const owner = judgedOwner(settings(), key);
    return owner && 'team' in owner ? owner.team.secrets : [];
  },
  remedyFor: (secret, key) => {
    const owner = judgedOwner(settings(), key);
    if (owner && 'problem' in owner) return `${owner.problem} ${owner.solution}`;
    return secretRemedy(owner?.team, secret);
  },
});

/** As the configuration file describes it; who owns what is what the file says now. */
export const environmentOfFile = (
  {
    name,
    settings,
    open,
  }: {
    name: string;
    settings: () => Settings;
    /** The fabrics, which other environments of the worker have, too. */
    open: OpenFabrics;
  },
  config: WorkerConfig,
): Environment | undefined => {
  const given = settings().environments[name];
  if (!given) return undefined;
  const own = createRedactor();
  const redactor = { ...own, redact: (text: string) => own.redact(open.redact(text)) };
  const { auth, uiUrl, ...airbyte } = given.airbyte;
  const lookUp = createSecretLookup(config.secrets, redactor);
  return {
    name,
    airbyte: {
      ...airbyte,
      uiUrl: uiUrl ?? airbyte.url,
      requestTimeout: config.requestTimeout,
      credentials: credentialsOf(auth, { name, lookUp, redactor }),
    },
    fabrics: createNamedFabrics(settings, lookUp),
    fabricOf: open.fabricOf,
    writtenTo: createWrittenTo(settings),
    references: createSecretReferences(lookUp, secretsOfTeams(settings)),
    redactor,
    accessPermission: given.workspaceAccess,
    teamOf: (key) => ownerIn(settings(), key)?.team.name,
    forbids: (key) => componentProblem(settings(), key),
    ...(!isOfVariables(settings(), airbyte.workspaceId) && { grantsOf: airbyte.workspaceId }),
  };
};
