import { asWritten, placeOf, placeProblems } from '../../connectors/snowflake-place';
import { createLimit } from '../../concurrency/limit';
import { Refusal, UnfitPlace } from '../../contract/problems';
import { pathOf } from '../fabric';
import type {
  ComponentFabric,
  Fabric,
  FabricType,
  Opening,
  Seen,
  Shown,
  Step,
  Thing,
  Whereabouts,
} from '../fabric';
import { createFabricHttp } from '../http';
import { bringsAccount, destinationOf, hostIn, mustNotSteer } from './account';
import { checkFabric } from './checks/check';
import type { Users } from './checks/check';
import { checkComponent } from './checks/check-component';
import { cleanup } from './change/cleanup';
import { INTERNAL, componentOf } from './look/component';
import type { Component } from './look/component';
import { createFailures } from './api/failures';
import { foreignIn, stayingOf, warningsIn } from './look/in-the-way';
import { isUntold, missingIn } from './look/judgement';
import { schemaPage } from './links';
import { createLooks } from './look/looks';
import { withRaw } from './look/raw';
import { identifierIn, shownAs } from './sql/names';
import { namesOf, principalsOf } from './access/people';
import { prepare } from './change/prepare';
import { presentIn } from './look/present';
import { giveTo, grantTo, readersOf, remembered, revokeFrom } from './access/readers';
import { restore } from './change/restore';
import { SnowflakeSettings } from './settings';
import { createSqlApi } from './api/sql-api';
import type { SqlApi } from './api/sql-api';
import { lookAt } from './look/state';
import { taggedIn } from './look/tagged';
import { asThing } from './look/things';
import { accountIn, accountInJwt, createTokens } from './api/token';
import type { Proof } from './api/token';
import { unprepare } from './change/unprepare';

const SYSTEM = 'Snowflake';

const onlyForUs = () =>
  new Refusal(
    'The fabric has a token for Snowflake, and Airbyte’s Snowflake destination takes a key pair or a password.',
    'Ask the platform operator to give the fabric a privateKey; a token can stay in manage.by.',
  );

const noPassword = (name: string) =>
  new Refusal(
    `The fabric ${name} has a password only, which Snowflake's SQL API does not take.`,
    'Ask the platform operator to give the fabric a key pair, or one in manage.by.',
  );

/** Each user of the fabric by himself, with what all of them share. */
const usersOf = (settings: SnowflakeSettings, opening: Opening): Users => {
  const { name, secretOf, redactor, requestTimeout, log, observe } = opening;
  const http = createFabricHttp({ system: SYSTEM, requestTimeout, log, observe });
  const limit = createLimit(settings.maxInFlight);
  const failures = createFailures(redactor);
  const account = accountInJwt(settings);
  const root = settings.apiUrl ?? `https://${settings.host}`;
  const apiOf = (
    who: { user: string; role: string; warehouse?: string },
    proof: Proof,
  ): SqlApi | undefined => {
    if (!proof.privateKey && !proof.oauth && !proof.token) return undefined;
    const user = identifierIn(who.user);
    const role = identifierIn(who.role);
    const tokens = createTokens({ fabric: name, account, user, proof, secretOf });
    const warehouse = who.warehouse === undefined ? undefined : identifierIn(who.warehouse);
    return createSqlApi({
      fabric: name,
      root,
      user,
      role,
      warehouse,
      tokens,
      http,
      limit,
      failures,
    });
  };
  const { user, role, warehouse, credentials, manage } = settings;
  const airbyte = apiOf({ user, role, warehouse }, credentials);
  return { airbyte, manager: manage.by ? apiOf(manage.by, manage.by) : airbyte };
};

const shownOf = (settings: SnowflakeSettings, { place, readRole, manages }: Component) => {
  const href = schemaPage(settings, place);
  const schema: Shown = {
    label: 'Schema in Snowflake',
    value: shownAs(place.database, place.schema),
    ...(href !== undefined && { href }),
  };
  return {
    schema,
    ...(manages.access && { role: { label: 'Role that reads it', value: readRole } }),
  };
};

const NOTHING = { missing: [], present: [], foreign: [], warnings: [] };

const placeIn = (configuration: Record<string, unknown>) => {
  const place = placeOf(configuration);
  if (place) return place;
  const problems = placeProblems(configuration).map(
    ({ field, message }) => `${pathOf(field)}: ${message}`,
  );
  throw new UnfitPlace(`${problems.join('; ')}.`, 'Correct the descriptor, then deploy again.');
};

const internalOf = ({ raw_data_schema: given }: Record<string, unknown>) =>
  asWritten(typeof given === 'string' && given !== '' ? given : INTERNAL);

const noCluster = (name: string) =>
  new Refusal(
    `The fabric ${name} is a Snowflake, which has no cluster that commands run on.`,
    'Leave the language out: a statement runs on its warehouse.',
  );

/** The role with who has it, and when it was made. */
const withMembers = async (
  api: SqlApi,
  component: Component,
  { present, step }: { present: readonly Thing[]; step: Step },
): Promise<Thing[]> => {
  if (!present.some(({ kind }) => kind === 'role')) return [...present];
  const of = await remembered(api, component, step);
  return present.map((thing) => (thing.kind === 'role' ? { ...thing, ...of } : thing));
};

const ofComponent = (
  settings: SnowflakeSettings,
  { api, component }: { api: () => SqlApi; component: () => Component },
): ComponentFabric => {
  const { schema: manages, access } = settings.manage;
  return {
    system: SYSTEM,
    manages,
    managesAccess: access,
    check: async (step) => (manages ? checkComponent(api(), component(), step) : []),
    look: async (step, known): Promise<Seen> => {
      const whose = component();
      const shown = shownOf(settings, whose);
      if (!manages) return { ...NOTHING, shown };
      const state = await lookAt(createLooks(api(), step), whose);
      return {
        missing: missingIn(state, whose).map((spec) => ({
          ...asThing(spec),
          ...(isUntold(state, spec) && { mayBeThere: true }),
        })),
        present: presentIn(state, whose).map(asThing),
        foreign: foreignIn(state, whose),
        shown,
        warnings: warningsIn(state, whose),
        staying: stayingOf(state, whose, known),
      };
    },
    prepare: async (missing, step) => {
      await prepare(api(), component(), { missing, step });
    },
    unprepare: async (made, step) => unprepare(api(), component(), { made, step }),
    beforeCleanup: async (present, step) => {
      const things = await withMembers(api(), component(), { present, step });
      return withRaw(createLooks(api(), step), component(), things);
    },
    cleanup: async (present, step) => cleanup(api(), component(), { present, step }),
    restore: async (taken, step) => restore(api(), component(), { taken, step }),
    principalsOf: async (refs, step) =>
      principalsOf(api(), {
        settings: settings.principals,
        role: component().readRole,
        refs,
        step,
      }),
    readers: async (step) => readersOf(api(), component(), step),
    grant: async (principals, step) => grantTo(api(), component(), { principals, step }),
    // A role of the account, wherever in it the data is.
    readersAt: () => JSON.stringify([accountIn(settings), component().readRole]),
    ofFormer: {
      readers: async (step) => (await readersOf(api(), component(), step)).ours,
      namesOf: async (refs, step) => namesOf(api(), { settings: settings.principals, refs, step }),
      revoke: async (principals, step) => revokeFrom(api(), component(), { principals, step }),
      giveBack: async (principals, step) => giveTo(api(), component(), { principals, step }),
    },
  };
};

/** Hosts of one account are many: with and without a private link, of the region or of the organization. */
const whereOf = (settings: SnowflakeSettings) => ({ account: accountIn(settings) });

/** A key goes to its own account only, whichever of its names was given when data was put there. */
const leadingTo = (settings: SnowflakeSettings, { account }: Whereabouts) => {
  const { host, formerAccounts } = settings;
  const names = formerAccounts.map((each) => accountIn({ host, account: each }));
  return account !== undefined && names.includes(account) ? settings : undefined;
};

const open = (settings: SnowflakeSettings, opening: Opening): Fabric => {
  const { name } = opening;
  const users = usersOf(settings, opening);
  const usable = (api: SqlApi | undefined) => {
    if (!api) throw noPassword(name);
    return api;
  };
  const warehouse = identifierIn(settings.warehouse);
  const role = identifierIn(settings.role);
  return {
    name,
    system: SYSTEM,
    where: whereOf(settings),
    // Who is found by his login may have another name in each account.
    naming: JSON.stringify(['snowflake', accountIn(settings), settings.principals]),
    check: (step) => checkFabric(users, { warehouse, role, manages: settings.manage, step }),
    // As Airbyte, who may do less.
    run: async (text, { step, maxRows, language }) => {
      if (language !== undefined) throw noCluster(name);
      return usable(users.airbyte ?? users.manager).run(text, step, maxRows);
    },
    tagged: async (ends, step) => {
      if (!settings.manage.schema) return { tagged: [] };
      const places = ends.flatMap(({ configuration, isWanted }) => {
        const place = placeOf(configuration);
        return place ? [{ ...place, isWanted }] : [];
      });
      return taggedIn(createLooks(usable(users.manager), step), places);
    },
    of: ({ key, end: { configuration } }) =>
      ofComponent(settings, {
        api: () => usable(users.manager),
        component: () =>
          componentOf(settings, {
            key,
            place: placeIn(configuration),
            internal: internalOf(configuration),
          }),
      }),
  };
};

export const snowflake: FabricType<typeof SnowflakeSettings> = {
  name: 'snowflake',
  system: SYSTEM,
  settings: SnowflakeSettings,
  connectors: ['snowflake'],
  placedBy: ['database', 'schema', 'raw_data_schema'],
  bringsAccount,
  addressOf: ({ host }) => host,
  whereOf,
  leadingTo,
  whereIn: (configuration, settings) => {
    const host = hostIn(configuration);
    if (host === undefined) return undefined;
    return settings?.host === host ? whereOf(settings) : { account: accountIn({ host }) };
  },
  formerNames: 'formerAccounts',
  destination: async (
    { host, role, warehouse, user, credentials },
    { secretOf, configuration },
  ) => {
    mustNotSteer(configuration);
    const { privateKey, privateKeyPassword, password } = credentials;
    const account = { host, role, warehouse, username: user };
    if (password)
      return destinationOf({ ...account, credentials: { password: await secretOf(password) } });
    if (!privateKey) throw onlyForUs();
    return destinationOf({
      ...account,
      credentials: {
        privateKey: await secretOf(privateKey),
        privateKeyPassword: privateKeyPassword && (await secretOf(privateKeyPassword)),
      },
    });
  },
  open,
};
