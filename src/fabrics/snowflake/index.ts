import type { FabricType } from '../fabric';
import { bringsAccount, destinationOf, mustNotSteer } from './account';
import { SnowflakeSettings } from './settings';

export const snowflake: FabricType<typeof SnowflakeSettings> = {
  name: 'snowflake',
  settings: SnowflakeSettings,
  connectors: ['snowflake'],
  bringsAccount,
  destination: async (
    { host, role, warehouse, user, credentials },
    { secretOf, configuration },
  ) => {
    mustNotSteer(configuration);
    const { privateKey, privateKeyPassword, password } = credentials;
    const account = { host, role, warehouse, username: user };
    if (password)
      return destinationOf({ ...account, credentials: { password: await secretOf(password) } });
    return destinationOf({
      ...account,
      credentials: {
        privateKey: privateKey ? await secretOf(privateKey) : '',
        privateKeyPassword: privateKeyPassword && (await secretOf(privateKeyPassword)),
      },
    });
  },
  open: () => {
    throw new Error('Not yet.');
  },
};
