import { z } from 'zod';
import { MAX_ENVIRONMENT } from '../descriptor/component';
import type { ReverseProvisioningRequest } from '../contract/coordinator';
import { isRecord } from '../contract/json';
import { asSummary, isWithin, lengthProblem, MAX_COLUMN } from '../../workflows/protocol/lengths';
import type { Start } from './start';
import { tokenFor } from './token';
import type { reverseProvision } from '../../workflows';
import type { Named, References, ReverseInput, WantedConnection } from '../../workflows/input';

/** Where the names of connections are, first the ones that win. */
const NAMED = ['connectionName', 'name'];
const IN_CATALOG = ['spec', 'mesh', 'specific', 'connection', 'name'];

const valueAt = (value: unknown, [key, ...rest]: string[]): unknown => {
  if (key === undefined) return value;
  return isRecord(value) ? valueAt(value[key], rest) : undefined;
};

/** A blank counts as absent, as the wizard leaves optional fields empty. */
const textAt = (value: unknown, path: string[]) => {
  const found = valueAt(value, path);
  return typeof found === 'string' && found.trim() !== '' ? found.trim() : undefined;
};

const wantedOf = ({ params, catalogInfo }: ReverseProvisioningRequest): WantedConnection => {
  const id = textAt(params, ['connectionId']);
  if (id !== undefined && z.guid().safeParse(id).success) return { connectionId: id };
  if (id !== undefined)
    return {
      problem: 'params.connectionId is not the id of an Airbyte connection, which is a UUID.',
      solution: 'Take the id from the address of the connection in Airbyte, or give its name.',
    };
  const named = NAMED.flatMap((field) => textAt(params, [field]) ?? []);
  const connectionName = named[0] ?? textAt(catalogInfo, IN_CATALOG);
  if (connectionName !== undefined && !isWithin(connectionName, MAX_COLUMN))
    return {
      problem: `The name of the connection ${lengthProblem(connectionName, MAX_COLUMN, 'Airbyte')}.`,
      solution: 'Give the name as Airbyte shows it, or params.connectionId.',
    };
  if (connectionName !== undefined) return { connectionName };
  return {
    problem: `Nothing says which connection to read: there is no params.connectionId, no params.connectionName, and no ${IN_CATALOG.join('.')} in catalogInfo.`,
    solution: 'Give params.connectionId or params.connectionName.',
  };
};

/** The references to secrets in what the component has now, and nothing else, also of what stands beside one. */
const referencesIn = (value: unknown): unknown => {
  if (!isRecord(value)) return undefined;
  const inner = Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
    const found = key === 'secretRef' && typeof each === 'string' ? each : referencesIn(each);
    return found === undefined ? [] : [[key, found]];
  });
  return inner.length === 0 ? undefined : Object.fromEntries(inner);
};

const referencesOf = ({ catalogInfo }: ReverseProvisioningRequest): References => {
  const specific = valueAt(catalogInfo, ['spec', 'mesh', 'specific']);
  const of = (kind: string) => referencesIn(valueAt(specific, [kind, 'connectionConfiguration']));
  return { source: of('source'), destination: of('destination') };
};

const asPart = (environment: string) =>
  environment.replace(/[^A-Za-z0-9._-]/g, '-').slice(0, MAX_ENVIRONMENT);

/** The run that reads a connection; a request that names none gets one too, which says so. */
export const reverseStart = (
  request: ReverseProvisioningRequest,
  { retry, deployment, readable }: Named & Pick<ReverseInput, 'retry' | 'readable'>,
): Omit<Start, 'after'> => {
  const wanted = wantedOf(request);
  const references = referencesOf(request);
  const input: ReverseInput = { wanted, references, retry, ...(readable && { readable }) };
  const which = Object.values(wanted)[0] ?? '';
  return {
    token: tokenFor('reverseProvision', asPart(request.environment), {
      request,
      deployment,
      // Who may read less must not join the run of who may read more.
      ...(readable && { readable }),
    }),
    args: [input] satisfies Parameters<typeof reverseProvision>,
    readers: readable?.teams,
    ...(!('problem' in wanted) && { summary: asSummary(`reverseProvision ${which}`) }),
  };
};
