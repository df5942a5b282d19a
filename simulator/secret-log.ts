import { isObject, SECRET_MASK, secretFields } from './connectors/configuration';
import { connectorsOf } from './connectors/connectors';
import type { ActorKind, Connector } from './connectors/connectors';
import type { ApiRequest, Operation } from './operation';
import { digestOf } from './steering/requests';
import type { Store } from './store';

/** A secret field of a write, without its value: so that a test can tell what went where. */
export interface SentSecret {
  /** Below the configuration: `password`, `tunnel_method.ssh_key`. */
  field: string;
  /** Asterisks keep what is stored; where nothing is, Airbyte stores the asterisks. */
  sent: 'value' | 'asterisks';
  /** Of the value that is stored if the write is done: hex; null for stored asterisks. */
  sha256: string | null;
  /** Where the connector would take it: the nearest host, else that of the address. */
  host: string | null;
}

const textOf = (secret: unknown) => (typeof secret === 'string' ? secret : JSON.stringify(secret));

const WRITES = /^(create|put|patch|update|partialUpdate)(Source|Destination)$/;

const kindOf = ({ id }: Operation): ActorKind | undefined => {
  const [, , one] = WRITES.exec(id) ?? [];
  if (one === undefined) return undefined;
  return one === 'Source' ? 'source' : 'destination';
};

const inside = (value: unknown, path: string[]): unknown =>
  path.reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), value);

const hostIn = (value: unknown) => {
  if (!isObject(value)) return undefined;
  const { host, hostname, tunnel_host: tunnelHost, url } = value;
  const named = [tunnelHost, host, hostname].find((each) => typeof each === 'string');
  if (typeof named === 'string') return named;
  return typeof url === 'string' && URL.canParse(url) ? new URL(url).host : undefined;
};

/** From the inside out. */
const hostOf = (configuration: unknown, path: string[]): string | null => {
  const host = hostIn(inside(configuration, path));
  if (host !== undefined) return host;
  return path.length === 0 ? null : hostOf(configuration, path.slice(0, -1));
};

const connectorOf = (kind: ActorKind, body: Record<string, unknown>): Connector | undefined => {
  const id = body.definitionId ?? body[`${kind}DefinitionId`];
  const type = isObject(body.configuration) ? body.configuration[`${kind}Type`] : undefined;
  return connectorsOf(kind).find((each) => (id ? each.id === id : each.type === type));
};

/** What secrets a call of an API carries, whatever becomes of it. */
export const secretsSent = (
  store: Store,
  operation: Operation,
  { params, body }: ApiRequest,
): SentSecret[] => {
  const kind = kindOf(operation);
  if (!kind || !isObject(body)) return [];
  const actor = store[kind].get(String(params[`${kind}Id`] ?? body[`${kind}Id`]));
  const connector = actor?.connector ?? connectorOf(kind, body);
  const given = body.configuration ?? body.connectionConfiguration;
  if (!connector || !isObject(given)) return [];
  return secretFields(given, connector.spec).map((path) => {
    const value = inside(given, path);
    const isMask = value === SECRET_MASK;
    const kept = isMask ? inside(actor?.configuration, path) : value;
    return {
      field: path.join('.'),
      sent: isMask ? 'asterisks' : 'value',
      sha256: kept === undefined || kept === SECRET_MASK ? null : digestOf(textOf(kept)),
      host: hostOf(given, path.slice(0, -1)),
    };
  });
};
