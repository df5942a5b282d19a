import { NotInSettings, Refusal } from '../contract/problems';
import { Unresolved } from '../secrets/lookup';
import type { SecretLookup } from '../secrets/lookup';
import type { Named } from '../settings/ownership';
import type { Snowflake } from '../settings/fabrics';
import type { Settings } from '../settings/settings';
import { fabricFor, judgedOwner } from '../settings/tenancy';
import type { Fabrics } from './fabrics';
import { bringsAccount, destinationOf, mustNotSteer } from './snowflake/destination';

/** A secret of the file's own: what is wrong with it is the operator's to mend. */
const secretsOf = (lookUp: SecretLookup, fabric: string) => async (name: string) => {
  try {
    return await lookUp(name);
  } catch (err) {
    if (!(err instanceof Unresolved)) throw err;
    throw new Refusal(`Of the fabric ${fabric} ${err.message}.`, err.remedy);
  }
};

const credentialsOf = async (
  { privateKey, privateKeyPassword, password }: Snowflake['credentials'],
  secretOf: (name: string) => Promise<string>,
) => {
  if (password) return { password: await secretOf(password.secretRef) };
  return {
    privateKey: privateKey ? await secretOf(privateKey.secretRef) : '',
    privateKeyPassword: privateKeyPassword && (await secretOf(privateKeyPassword.secretRef)),
  };
};

const accountOf = async ({ name, settings }: Named<Snowflake>, lookUp: SecretLookup) => {
  const { host, role, warehouse, user: username } = settings;
  const credentials = await credentialsOf(settings.credentials, secretsOf(lookUp, name));
  return { host, role, warehouse, username, credentials };
};

const notThere = (message: string) =>
  new NotInSettings(
    `specific.destination.fabric: ${message}.`,
    'Name another fabric, or ask the platform operator for one (fabrics in the configuration file).',
  );

const twice = () =>
  new Refusal(
    'specific.destination.fabric: and credentials of the descriptor’s own exclude each other.',
    'Leave one of them out of the descriptor, then deploy again.',
  );

/** The fabrics of the configuration file, as it is now: those that the team of a component may use. */
export const createNamedFabrics =
  (settings: () => Settings, lookUp: SecretLookup): Fabrics =>
  async ({ connector, configuration, fabric: wanted }, key) => {
    if (connector !== 'snowflake' || bringsAccount(configuration)) {
      if (wanted !== undefined) throw twice();
      return {};
    }
    if (key === undefined) return {};
    mustNotSteer(configuration);
    const owner = judgedOwner(settings(), key);
    if (!owner) throw notThere('is not there for a domain that belongs to no team');
    if ('problem' in owner) throw new NotInSettings(owner.problem, owner.solution);
    const found = fabricFor(settings(), { ...owner, type: connector, wanted });
    if ('problem' in found) throw notThere(found.problem);
    return destinationOf(await accountOf(found.fabric, lookUp));
  };
