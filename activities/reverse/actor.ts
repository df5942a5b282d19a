import type { Actor, Kind } from '../../src/airbyte/workspace';
import { destinationOf, sourceOf } from '../../src/connectors';
import { connectorOf } from '../../src/connectors/definitions';
import { isRecord } from '../../src/contract/json';
import { plainName } from '../../src/airbyte/names';
import { MASK } from '../../src/secrets/masking';
import { fit, inform, warn } from './fit';
import type { Fitted, Part } from './fit';
import { ownOptions } from './reader-options';
import { withoutSecrets } from './secrets';

/** Nothing is derived from it where Airbyte has a value. */
const NO_PRODUCT = { name: 'x', domain: 'x', major: '0' };

const SCHEMAS = { source: sourceOf(), destination: destinationOf(NO_PRODUCT) };

const connectorPart = (kind: Kind, definitionId: string) => {
  const connector = connectorOf(kind, definitionId);
  return connector === undefined ? { connector: 'custom', definitionId } : { connector };
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
  connectorPart(kind, definitionId).connector;

/** `specific.source` or `specific.destination` of a descriptor that wants an actor as it is. */
export const actorPart = ({ kind, actor, fabric, references }: Given): Part => {
  const all = actor.configuration ?? {};
  const set = platforms(all, fabric);
  const own = Object.fromEntries(Object.entries(all).filter(([key]) => !set.includes(key)));
  const { configuration, left } = withoutSecrets(own, references);
  const { part, dropped, problems } = fit(SCHEMAS[kind], {
    ...connectorPart(kind, actor.definitionId),
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
