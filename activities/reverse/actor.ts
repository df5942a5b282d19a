import type { Actor, Kind } from '../../src/airbyte/workspace';
import { destinationOf, sourceOf } from '../../src/connectors';
import { isRecord } from '../../src/contract/json';
import { plainName } from '../../src/airbyte/names';
import { MASK } from '../../src/secrets/masking';
import { fit, inform, warn } from './fit';
import type { Fitted, Part } from './fit';
import { ownOptions } from './reader-options';
import { withoutSecrets } from './secrets';

/** The definitions that a descriptor has a connector of its own for; the same in every Airbyte. */
const CONNECTORS: Record<Kind, Record<string, string>> = {
  source: {
    '778daa7c-feaf-4db6-96f3-70fd645acc77': 'file',
    'decd338e-5647-4c0b-adf4-da0e75f5a750': 'postgres',
    '69589781-7828-43c5-9f63-8925b1c1ccc2': 's3',
  },
  destination: {
    '424892c4-daac-4491-b35d-c6688ba547ba': 'snowflake',
    '25c5221d-dce2-4163-ade9-739ef790f503': 'postgres',
    '4816b78f-1489-44c1-9060-4b19d5fa9362': 's3',
    '22f6c74f-5699-40ff-833c-4a879ea40133': 'bigquery',
    '072d5540-f236-4294-ba7c-ade8fd918496': 'databricks',
  },
};

/** Nothing is derived from it where Airbyte has a value. */
const NO_PRODUCT = { name: 'x', domain: 'x', major: '0' };

const SCHEMAS = { source: sourceOf(), destination: destinationOf(NO_PRODUCT) };

const connectorOf = (kind: Kind, definitionId: string) => {
  const connector = CONNECTORS[kind][definitionId];
  return connector ? { connector } : { connector: 'custom', definitionId };
};

/** What the platform sets, which no descriptor repeats; unless the actor's account is another one. */
const platforms = (configuration: Record<string, unknown>, fabric: Record<string, unknown>) => {
  const isAnother = ['host', 'hostname'].some(
    (key) => fabric[key] !== undefined && fabric[key] !== configuration[key],
  );
  return isAnother ? [] : Object.keys(fabric);
};

const differing = (configuration: Record<string, unknown>, fabric: Record<string, unknown>) =>
  Object.entries(fabric)
    .filter(([key, value]) => typeof value === 'string' && configuration[key] !== MASK)
    .filter(([key, value]) => configuration[key] !== value)
    .map(([key]) => key);

const withOwnOptions = (kind: Kind, part: Fitted['part']): Fitted['part'] => {
  const { connectionConfiguration: given } = part;
  if (part.connector !== 'file' || !isRecord(given)) return part;
  const { reader_options: current, ...rest } = given;
  const plain = SCHEMAS[kind].safeParse({ ...part, connectionConfiguration: rest });
  const byItself: unknown = Reflect.get(Object(plain.data?.configuration), 'reader_options');
  const own = plain.success ? ownOptions(current, byItself) : current;
  const options = own === undefined ? {} : { reader_options: own };
  return { ...part, connectionConfiguration: { ...rest, ...options } };
};

interface Given {
  kind: Kind;
  actor: Actor;
  /** What the worker's fabric sets for this connector. */
  fabric: Record<string, unknown>;
  /** `{ secretRef }`s that the component has now, by their places in the configuration. */
  references: unknown;
}

export const nameOfConnector = (kind: Kind, definitionId: string) =>
  connectorOf(kind, definitionId).connector;

/** `specific.source` or `specific.destination` of a descriptor that wants an actor as it is. */
export const actorPart = ({ kind, actor, fabric, references }: Given): Part => {
  const all = actor.configuration ?? {};
  const set = platforms(all, fabric);
  const own = Object.fromEntries(Object.entries(all).filter(([key]) => !set.includes(key)));
  const { configuration, left } = withoutSecrets(own, references);
  const { part, dropped, problems } = fit(SCHEMAS[kind], {
    ...connectorOf(kind, actor.definitionId),
    name: plainName(actor.name),
    connectionConfiguration: configuration,
  });
  const at = (path: string) => `${kind}.${path}`;
  const inConfiguration = (path: string) => at(`connectionConfiguration.${path}`);
  const isLeft = (path: string) => left.some((one) => path === `connectionConfiguration.${one}`);
  const altered = set.length > 0 ? differing(all, fabric) : [];
  return {
    fields: withOwnOptions(kind, part),
    notes: [
      ...left.map((path) =>
        inform(
          `${inConfiguration(path)} is a secret, and left out: give it as { secretRef: NAME }`,
        ),
      ),
      ...set
        .filter((key) => key in all)
        .map((key) => inform(`${inConfiguration(key)} is the platform's to set, and left out`)),
      ...altered.map((key) =>
        warn(`${inConfiguration(key)} is not as the platform has it: a provision will change it`),
      ),
      ...dropped.map((path) => warn(`${at(path)} is left out: a descriptor cannot say it`)),
      ...problems
        .filter(({ path }) => !isLeft(path))
        .map(({ path, message }) =>
          warn(`${at(path)} ${message}: a descriptor will not do like this`),
        ),
    ],
  };
};
