import { createLimit } from '../../concurrency/limit';
import { Refusal } from '../../contract/problems';
import { LANGUAGES } from '../fabric';
import type { ComponentFabric, Fabric, FabricType, Opening, Whereabouts } from '../fabric';
import { checkFabric, checkPlace } from './checks';
import { cleanup, restore } from './cleanup';
import { createClient } from './client';
import { airbyteAuthOf, destinationOf, whereIn } from './destination';
import { createIdentity } from './identity';
import { beforeCleanup, lookAt } from './look';
import { namesOf, principalsOf } from './people';
import { prepare, unprepare } from './prepare';
import {
  MOST_READERS,
  formerEnds,
  formerReaders,
  giveBack,
  grant,
  readersHere,
  revoke,
} from './readers';
import { runCommand } from './run/commands';
import { runStatement } from './run/statements';
import { CatalogName, DatabricksSettings } from './settings';
import { taggedIn } from './things';
import { createCatalog } from './unity/catalog';

const noCluster = (name: string) =>
  new Refusal(
    `The fabric ${name} has no cluster, and commands in a language run on one.`,
    'Leave the language out for a statement of the SQL warehouse, or give the fabric a cluster.',
  );

const noLanguage = (given: string) =>
  new Refusal(
    `A cluster runs no ${given}.`,
    `Name one of ${LANGUAGES.join(', ')}, or leave it out for a statement of the SQL warehouse.`,
  );

const whereOf = ({ host, catalog }: DatabricksSettings) => ({ host, catalog });

/** The workspace must be the same: credentials go to no other. The catalog may be another of it. */
const leadingTo = (settings: DatabricksSettings, { host, catalog }: Whereabouts) => {
  if (host !== settings.host) return undefined;
  const { data } = CatalogName.safeParse(catalog);
  return data === undefined ? undefined : { ...settings, catalog: data };
};

const open = (settings: DatabricksSettings, opening: Opening): Fabric => {
  const { catalog: catalogName, cluster, warehouseId, manage, host } = settings;
  const { name, secretOf, redactor } = opening;
  const { redact } = redactor;
  const limit = createLimit(settings.maxInFlight);
  const openFor = (auth: DatabricksSettings['auth']) => {
    const client = createClient(settings, auth, { opening, limit });
    return { client, identity: createIdentity(client, auth, secretOf) };
  };
  const managerAuth = manage.by ?? settings.auth;
  const { client, identity: manager } = openFor(managerAuth);
  const airbyteAuth = airbyteAuthOf(settings);
  const isManager = airbyteAuth === managerAuth;
  const airbyte = airbyteAuth && {
    ...(isManager ? { client, identity: manager } : openFor(airbyteAuth)),
    isManager,
  };
  const catalog = createCatalog(client, { catalog: catalogName, me: manager });
  const of: Fabric['of'] = ({ key, end: { configuration } }): ComponentFabric => {
    const wanted = typeof configuration.schema === 'string' ? configuration.schema : '';
    const { raw_schema_override: raw } = configuration;
    const component = {
      catalog,
      manager,
      loader: airbyte?.identity ?? manager,
      manages: manage,
      host,
      key,
      wanted,
      ...(typeof raw === 'string' && { raw }),
    };
    return {
      system: 'Databricks',
      manages: manage.schema,
      managesAccess: manage.access,
      mostReaders: MOST_READERS,
      check: async (step) => (manage.schema ? checkPlace(() => lookAt(component, step), step) : []),
      look: (step, known) => lookAt(component, step, known),
      prepare: (missing, step) => prepare(component, missing, step),
      unprepare: (made, step) => unprepare(component, made, step),
      beforeCleanup: (present, step) => beforeCleanup(component, present, step),
      cleanup: (present, step) => cleanup(component, present, step),
      restore: (taken, step) => restore(component, taken, step),
      readers: (step) => readersHere(component, step),
      grant: (principals, step) => grant(component, principals, step),
      formerEnds: (step) => formerEnds(component, step),
      readersAt: () => JSON.stringify([host, catalogName, wanted]),
      ofFormer: {
        readers: (step) => formerReaders(component, step),
        namesOf: (refs, { interest }) =>
          namesOf(client, { settings: settings.principals, refs, interest }),
        revoke: (principals, step) => revoke(component, principals, step),
        giveBack: (principals, step) => giveBack(component, principals, step),
      },
      principalsOf: (refs, { interest }) =>
        principalsOf(client, { settings: settings.principals, refs, interest }),
    };
  };

  return {
    name,
    system: 'Databricks',
    where: whereOf(settings),
    naming: JSON.stringify(['databricks', settings.principals]),
    check: (step) => checkFabric({ settings, client, catalog, manager, airbyte }, step),
    tagged: async (_ends, step) => ({
      tagged: manage.schema ? taggedIn(await catalog.schemas(step), catalogName) : [],
    }),
    of,
    run: async (text, { step: { interest }, maxRows, language }) => {
      if (language === undefined)
        return runStatement(client, {
          warehouseId,
          catalog: catalogName,
          statement: text,
          maxRows,
          interest,
          redact,
        });
      if (cluster === undefined) throw noCluster(name);
      if (!LANGUAGES.includes(language)) throw noLanguage(language);
      return runCommand(client, {
        cluster,
        mayStart: settings.startCluster,
        language,
        command: text,
        maxRows,
        interest,
        redact,
      });
    },
  };
};

export const databricks: FabricType<typeof DatabricksSettings> = {
  name: 'databricks',
  system: 'Databricks',
  settings: DatabricksSettings,
  connectors: ['databricks'],
  placedBy: ['schema', 'raw_schema_override'],
  // Its descriptors have no place for credentials of their own.
  bringsAccount: () => false,
  addressOf: ({ host }) => host,
  whereOf,
  leadingTo,
  whereIn,
  destination: destinationOf,
  open,
};
