import { RequestError } from '../contract/problems';
import { readDescriptorFile } from './file';
import { readPlans } from './product';

/** A component and the connection that its descriptor wants. */
interface Wanted {
  key: string;
  connection: string;
}

const wantedIn = (file: string, minSyncInterval: number): Wanted[] => {
  const { request, yaml } = readDescriptorFile(file);
  try {
    return readPlans({ ...request, yaml }, [], { minSyncInterval }).descriptors.map(({ plan }) => ({
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
