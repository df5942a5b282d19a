import { readFileSync, statSync } from 'node:fs';
import { RequestError } from '../contract/problems';
import { readPlans } from './product';
import { readYaml } from './yaml';

/** A component and the connection that its descriptor wants. */
interface Wanted {
  key: string;
  connection: string;
}

/** Bytes of a descriptor: as much as a request may have (src/gateway/reception.ts). */
const MAX_FILE = 2 * 1024 * 1024;

const textOf = (file: string) => {
  try {
    if (statSync(file).size > MAX_FILE) throw new Error(`it is over ${String(MAX_FILE)} bytes`);
    return readFileSync(file, 'utf8');
  } catch (err) {
    const why = err instanceof Error ? err.message : String(err);
    throw new RequestError([{ path: file, message: `cannot be read: ${why}` }], {
      solutions: ['Give the files of descriptors, as the Coordinator sends them.'],
    });
  }
};

const kindOf = (text: string) => {
  const { value } = readYaml(text, 'descriptor');
  const isOfComponent =
    typeof value === 'object' && value !== null && 'componentIdToProvision' in value;
  return isOfComponent ? ('COMPONENT_DESCRIPTOR' as const) : ('DATAPRODUCT_DESCRIPTOR' as const);
};

const wantedIn = (file: string, minSyncInterval: number): Wanted[] => {
  const descriptor = textOf(file);
  const request = { descriptorKind: kindOf(descriptor), descriptor, removeData: false };
  try {
    return readPlans(request, [], minSyncInterval).descriptors.map(({ plan }) => ({
      key: plan.component.key,
      connection: plan.connection.name,
    }));
  } catch (err) {
    if (!(err instanceof RequestError)) throw err;
    const problems = err.problems.map((each) => ({ ...each, path: `${file}: ${each.path}` }));
    throw new RequestError(problems, { solutions: err.solutions });
  }
};

const twiceIn = (all: Wanted[]) => {
  const seen = new Map<string, string>();
  for (const { key, connection } of all) {
    const other = seen.get(connection);
    if (other !== undefined && other !== key) return { connection, key, other };
    seen.set(connection, key);
  }
  return undefined;
};

/** What the descriptors in these files want, each component once. */
export const readWanted = (files: string[], minSyncInterval: number): Wanted[] => {
  const read = files.flatMap((file) => wantedIn(file, minSyncInterval));
  const all = [...new Map(read.map((one) => [one.key, one])).values()];
  const twice = twiceIn(all);
  if (!twice) return all;
  const { connection, key, other } = twice;
  throw new RequestError(
    [
      {
        path: '--descriptor',
        message: `${key} and ${other} both name the connection "${connection}"`,
      },
    ],
    { solutions: ['Give the descriptor of the one that the connection is for.'] },
  );
};
