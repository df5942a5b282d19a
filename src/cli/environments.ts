import { RequestError } from '../contract/problems';
import { firstFew } from '../../workflows/protocol/lengths';
import { suggestion } from '../reading/suggestions';

/** The names of those in the configuration file; undefined: there is none, and any name will do. */
export type ConfiguredEnvironments = () => readonly string[] | undefined;

/** Throws a RequestError for an environment that the configuration file does not have. */
export const mustBeConfigured = (name: string, configured: readonly string[] | undefined) => {
  if (!configured || configured.includes(name)) return;
  const meant = suggestion(name, [...configured]);
  throw new RequestError(
    [
      {
        path: 'environment',
        message: `${name} is not in the configuration file${meant || `; there are ${firstFew([...configured].sort()).join(', ')}`}`,
      },
    ],
    { solutions: ['Name an environment of the file that PROVISIONER_CONFIG names.'] },
  );
};
