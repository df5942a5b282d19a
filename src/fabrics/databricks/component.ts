import { CallError } from '../../contract/call-error';
import { Refusal, UnfitPlace } from '../../contract/problems';
import { schemaProblem } from '../../connectors/databricks';
import type {
  ComponentFabric,
  Foreign,
  Left,
  ReadersChanged,
  Seen,
  Step,
  Tagged,
  Thing,
  Undone,
} from '../fabric';
import { conveys } from './catalog';
import type { Catalog, Change, Grants, Schema } from './catalog';
import type { Identity } from './identity';
import { holdersIn, isSame, withHolders } from './memory';
import type { Holder, Role } from './memory';
import { tagOf, taggedKey } from './names';
import { commentStatement, dropStatement } from './sql';

/** What Airbyte's destination does in a schema that is not its own (airbyte/destination-databricks 4.0). */
const LOADS = [
  'USE_SCHEMA',
  'CREATE_TABLE',
  'SELECT',
  'MODIFY',
  'CREATE_VOLUME',
  'READ_VOLUME',
  'WRITE_VOLUME',
] as const;
/** What who reads needs. */
const READS = ['USE_SCHEMA', 'SELECT'] as const;

/** People who may read one schema by our grants: each is a property of it. */
export const MOST_READERS = 1000;
/** Times that it is looked whether what was written down stands there. */
const MOST_LOOKS = 4;
/** Former schemas of a component that are told by name; all go with it. */
const MOST_FORMER = 20;

const LOADER = 'loader';
/** Of what is missing: whom Airbyte writes as, and what he lacks. */
const LACKING = 'loader:';
const READERS = 'readers';
const SCHEMA = 'schema:';

interface ComponentDeps {
  catalog: Catalog;
  /** Who makes, grants and drops. */
  manager: Identity;
  /** Whom Airbyte writes as. */
  loader: Identity;
  manages: { schema: boolean; access: boolean; catalogUse: boolean };
  /** The root of the workspace, for links. */
  host: string;
  key: string;
  /** The schema that the descriptor wants. */
  wanted: string;
}

const schemaThing = (catalog: string, name: string): Thing => ({
  id: `${SCHEMA}${name}`,
  kind: 'schema',
  what: `the schema ${catalog}.${name}`,
  hasData: true,
});

const notSeen = (what: string) =>
  new CallError(`Databricks says that it changed ${what}, but shows it otherwise.`, {
    kind: 'again',
    solution: 'Try again; if it goes on, ask the platform operator to look at the catalog.',
  });

/** What of a catalog's schemas bears the tag of a component, whichever that is. */
export const taggedIn = (schemas: readonly Schema[], catalog: string): Tagged[] =>
  schemas.flatMap(({ name, comment }) => {
    const key = taggedKey(comment);
    return key === undefined ? [] : [{ key, thing: schemaThing(catalog, name) }];
  });

/** What is remembered of some, once they have what others of them had not; and the changes that make it so. */
const additions = (
  wanted: readonly { principal: string; privileges: readonly string[]; role: Role }[],
  held: readonly Holder[],
  grants: Grants,
) => {
  const changes: Change[] = [];
  const holders: Holder[] = [];
  for (const { principal, privileges, role } of wanted) {
    const former = held.find((each) => each.principal === principal && each.role === role);
    const lacking = privileges.filter((each) => !conveys(grants.get(principal), each));
    if (lacking.length > 0) changes.push({ principal, add: lacking, remove: [] });
    const ours = [...new Set([...(former?.privileges ?? []), ...lacking])];
    if (ours.length > 0)
      holders.push({ principal, role, privileges: ours, catalog: former?.catalog ?? false });
  }
  return { changes, holders };
};

/** What a component has in a catalog: a schema, and grants on it. */
export const createComponent = ({
  catalog,
  manager,
  loader,
  manages,
  host,
  key,
  wanted,
}: ComponentDeps): Omit<ComponentFabric, 'check' | 'principalsOf'> & {
  foreignIn: (schema: Schema) => Foreign;
} => {
  const tag = tagOf(key);
  const isOurs = ({ comment }: Schema) => taggedKey(comment) === key;
  const nameIn = (thing: Thing) =>
    thing.id.startsWith(SCHEMA) ? thing.id.slice(SCHEMA.length) : undefined;
  const loaderThing: Thing = {
    id: LOADER,
    kind: 'grant',
    what: `the privileges of Airbyte’s user on the schema ${catalog.name}.${wanted}`,
  };
  const readersThing: Thing = {
    id: READERS,
    kind: 'grant',
    what: `the privileges of the people who may read the schema ${catalog.name}.${wanted}`,
  };

  const lackingThing = (principal: string, privileges: readonly string[]): Thing => ({
    ...loaderThing,
    id: `${LACKING}${privileges.join(',')}:${principal}`,
  });
  /** Whom it is about, and what he lacked before it was made. */
  const lackedIn = ({ id }: Thing) => {
    const [, privileges = '', principal = ''] = /^loader:([A-Z_,]*):(.+)$/su.exec(id) ?? [];
    return principal === '' ? undefined : { principal, privileges: privileges.split(',') };
  };

  const foreignIn = ({ name, comment, isHidden }: Schema): Foreign => {
    const owner = taggedKey(comment);
    const nobodys = isHidden
      ? 'is there, and Databricks does not show whose it is'
      : 'is there, and nobody says whose it is';
    const whose = owner === undefined ? nobodys : 'is another component’s';
    return {
      what: `the schema ${catalog.name}.${name}`,
      problem: `The schema ${catalog.name}.${name} ${whose}.`,
      solution: `Give another one in the descriptor (specific.destination.connectionConfiguration.schema)${owner === undefined ? `, or have its owner hand it over: ${commentStatement(catalog.name, name, tag)}` : '.'}`,
    };
  };

  const mustFit = () => {
    const problem = schemaProblem(wanted);
    if (problem !== undefined)
      throw new UnfitPlace(
        `specific.destination.connectionConfiguration.schema: ${problem}.`,
        'Correct the descriptor, then deploy again.',
      );
  };

  const refused = ({ problem, solution }: Foreign) => new Refusal(problem, solution);

  /** As it is at this moment: nothing is changed or dropped by what was seen before. */
  const ownSchema = async (name: string, { interest }: Step): Promise<Schema | undefined> => {
    const schema = await catalog.schema(name, interest);
    if (schema && !isOurs(schema)) throw refused(foreignIn(schema));
    return schema;
  };

  /** The one that the descriptor wants, and those of its former versions, as far as they are listed. */
  const ownSchemas = async ({ interest, id }: Step) =>
    (await catalog.schemas({ interest, id })).filter(isOurs);

  /** Whom Airbyte writes as, where he is not the owner and so has nothing by himself. */
  const loaderOf = async (schema: Schema | undefined, { interest }: Step) => {
    const [principal, owner] = [await loader(interest), schema?.owner ?? (await manager(interest))];
    return principal === owner ? undefined : principal;
  };

  /**
   * Writes down who holds something in these roles, until it is seen to stand there: another run may write
   * down those of another role at the same time.
   */
  const remember = async (
    name: string,
    { roles, holders }: { roles: readonly Role[]; holders: readonly Holder[] },
    step: Step,
  ) => {
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      const schema = await ownSchema(name, step);
      if (!schema) break;
      const properties = withHolders(schema.properties, { roles, holders });
      if (isSame(properties, schema.properties)) return;
      await catalog.setProperties(name, { properties, interest: step.interest });
    }
    throw notSeen(`what is ours of the grants on the schema ${catalog.name}.${name}`);
  };

  /** USE CATALOG for those who lack it, remembered as ours before. */
  const withCatalogUse = async (holders: Holder[], { interest }: Step) => {
    if (!manages.catalogUse || holders.length === 0) return { holders, lacking: [] };
    const grants = await catalog.grants(undefined, interest);
    const everybody = conveys(grants.get('account users'), 'USE_CATALOG');
    const has = (principal: string) => everybody || conveys(grants.get(principal), 'USE_CATALOG');
    const lacking = holders.filter(({ principal, role }) => role !== 'former' && !has(principal));
    return {
      holders: holders.map((each) => (lacking.includes(each) ? { ...each, catalog: true } : each)),
      lacking: [...new Set(lacking.map(({ principal }) => principal))],
    };
  };

  /** Those whose USE CATALOG is ours and that no other schema of ours needs. */
  const catalogUseOf = async (holders: readonly Holder[], from: string, step: Step) => {
    const flagged = [
      ...new Set(holders.filter((each) => each.catalog).map(({ principal }) => principal)),
    ];
    if (flagged.length === 0) return [];
    const others = (await catalog.schemas({ interest: step.interest, id: step.id })).filter(
      ({ name, comment }) => name !== from && taggedKey(comment) !== undefined,
    );
    const needed = new Set(
      others.flatMap(({ properties }) =>
        holdersIn(properties)
          .filter(({ role }) => role !== 'former')
          .map(({ principal }) => principal),
      ),
    );
    return flagged.filter((principal) => !needed.has(principal));
  };

  const changeCatalogUse = (
    principals: readonly string[],
    { add }: { add: boolean },
    { interest }: Step,
  ) => {
    const privileges = ['USE_CATALOG'];
    const changes = principals.map((principal) => ({
      principal,
      add: add ? privileges : [],
      remove: add ? [] : privileges,
    }));
    return catalog.change(undefined, { changes, interest });
  };

  /** What Databricks says it has done is done when it is seen to be. */
  const changeGrants = async (name: string, changes: readonly Change[], { interest }: Step) => {
    if (changes.length === 0) return;
    await catalog.change(name, { changes: [...changes], interest });
    const grants = await catalog.grants(name, interest);
    const isSeen = changes.every(
      ({ principal, add, remove }) =>
        add.every((each) => conveys(grants.get(principal), each)) &&
        remove.every((each) => grants.get(principal)?.has(each) !== true),
    );
    if (!isSeen) throw notSeen(`the grants on the schema ${catalog.name}.${name}`);
  };

  /**
   * Has exactly these hold what they are to have, of those with their role: first written down, then all of
   * it changed at once, then what is no more is struck out.
   */
  const setHolders = async (
    schema: Schema,
    {
      role,
      principals,
      privileges,
      former = [],
    }: {
      role: Role;
      principals: readonly string[];
      privileges: readonly string[];
      /** Readers that are remembered as having had it. */
      former?: readonly Holder[];
    },
    step: Step,
  ): Promise<ReadersChanged> => {
    const { interest } = step;
    const grants = await catalog.grants(schema.name, interest);
    const all = holdersIn(schema.properties);
    const mine = all.filter((each) => each.role === role);
    const others = all.filter((each) => each.role !== role && each.role !== 'former');
    const wantedOnes = principals.map((principal) => ({ principal, privileges, role }));
    const { changes, holders: lasting } = additions(wantedOnes, mine, grants);
    const leaving = mine.filter(({ principal }) => !principals.includes(principal));
    const { holders: kept, lacking } = await withCatalogUse(lasting, step);
    const before = all.filter((each) => each.role === 'former');
    const roles: Role[] = role === 'reader' ? ['reader', 'former'] : [role];
    const { name } = schema;
    const own = role === 'reader' ? before : [];
    await remember(name, { roles, holders: [...own, ...kept, ...leaving] }, step);
    const removals = leaving.flatMap(({ principal, privileges: added }) => {
      const stays = others.find((each) => each.principal === principal)?.privileges ?? [];
      const remove = added.filter(
        (each) => !stays.includes(each) && grants.get(principal)?.has(each) === true,
      );
      return remove.length > 0 ? [{ principal, add: [], remove }] : [];
    });
    await changeCatalogUse(lacking, { add: true }, step);
    await changeGrants(name, [...changes, ...removals], step);
    await changeCatalogUse(await catalogUseOf(leaving, name, step), { add: false }, step);
    const lasts = role === 'reader' ? former : [];
    await remember(name, { roles, holders: [...kept, ...lasts] }, step);
    return {
      granted: changes.map(({ principal }) => principal),
      revoked: removals.map(({ principal }) => principal),
    };
  };

  const heldIn = (schema: Schema, role: Role) =>
    holdersIn(schema.properties).filter((each) => each.role === role);

  const shown = (): Seen['shown'] => ({
    schema: {
      label: 'Schema',
      value: `${catalog.name}.${wanted}`,
      href: `${host}/explore/data/${encodeURIComponent(catalog.name)}/${encodeURIComponent(wanted)}`,
    },
  });

  /** Where the schema is there: what Airbyte's user lacks on it. */
  const lacksOn = async (schema: Schema, step: Step) => {
    const principal = await loaderOf(schema, step);
    if (principal === undefined) return { principal: '', lacking: [] };
    const grants = await catalog.grants(schema.name, step.interest);
    const lacking = LOADS.filter((each) => !conveys(grants.get(principal), each));
    return { principal, lacking };
  };

  const look = async (step: Step): Promise<Seen> => {
    if (!manages.schema)
      return { missing: [], present: [], foreign: [], shown: shown(), warnings: [] };
    mustFit();
    const all = await catalog.schemas(step);
    // What is not listed may be there all the same: a list tells only what its reader may see.
    const schema =
      all.find(({ name }) => name === wanted) ?? (await catalog.schema(wanted, step.interest));
    const former = all.filter((each) => isOurs(each) && each.name !== wanted);
    const warnings = former
      .slice(0, MOST_FORMER)
      .map(
        ({ name }) =>
          `The schema ${catalog.name}.${name} is of a former version of the descriptor; it goes when the component is removed with its data.`,
      );
    const formerThings = former.map(({ name }) => schemaThing(catalog.name, name));
    const own = schemaThing(catalog.name, wanted);
    if (schema && !isOurs(schema))
      return {
        missing: [],
        present: formerThings,
        foreign: [foreignIn(schema)],
        shown: shown(),
        warnings,
      };
    if (!schema) {
      const principal = await loaderOf(undefined, step);
      const missing = principal === undefined ? [own] : [own, lackingThing(principal, LOADS)];
      return { missing, present: formerThings, foreign: [], shown: shown(), warnings };
    }
    const { principal, lacking } = await lacksOn(schema, step);
    const isHeld = (role: Role) =>
      [schema, ...former].some((each) => heldIn(each, role).length > 0);
    const grantsThere = [
      ...(isHeld('reader') ? [readersThing] : []),
      ...(isHeld('loader') ? [loaderThing] : []),
    ];
    return {
      missing: lacking.length > 0 ? [lackingThing(principal, lacking)] : [],
      present: [...grantsThere, ...formerThings, own],
      foreign: [],
      shown: shown(),
      warnings,
    };
  };

  const makeSchema = async (step: Step) => {
    if (await ownSchema(wanted, step)) return;
    await catalog.create(wanted, { comment: tag, interest: step.interest });
    const made = await ownSchema(wanted, step);
    if (!made)
      throw new CallError(
        `Databricks says that it made the schema ${catalog.name}.${wanted}, but has none.`,
        {
          kind: 'again',
          solution: 'Try again; if it goes on, ask the platform operator to look at the catalog.',
        },
      );
  };

  /** Whoever was it before keeps what he has until the component goes: the step may be undone. */
  const setLoader = async (schema: Schema, step: Step) => {
    const principal = await loaderOf(schema, step);
    if (principal === undefined) return;
    const former = heldIn(schema, 'loader').map((each) => each.principal);
    const principals = [...new Set([...former, principal])];
    await setHolders(schema, { role: 'loader', principals, privileges: LOADS }, step);
  };

  const prepare = async (missing: readonly Thing[], step: Step) => {
    mustFit();
    if (missing.some((thing) => nameIn(thing) === wanted)) await makeSchema(step);
    if (!missing.some((thing) => lackedIn(thing))) return;
    const schema = await ownSchema(wanted, step);
    // It is another step's to make it.
    if (schema) await setLoader(schema, step);
  };

  const takeGrants = async (schema: Schema, role: Role, step: Step) => {
    const held = heldIn(schema, role);
    const former =
      role === 'reader' ? held.map((each) => ({ ...each, role: 'former' as const })) : [];
    await setHolders(schema, { role, principals: [], privileges: [], former }, step);
  };

  /** Takes from Airbyte's user what he lacked before, and no more. */
  const takeBack = async (
    schema: Schema,
    { principal, privileges }: { principal: string; privileges: readonly string[] },
    step: Step,
  ) => {
    const held = heldIn(schema, 'loader');
    const his = held.find((each) => each.principal === principal);
    if (!his?.privileges.some((each) => privileges.includes(each))) return false;
    const others = held.filter((each) => each !== his);
    const kept = his.privileges.filter((each) => !privileges.includes(each));
    const reads = heldIn(schema, 'reader').find((each) => each.principal === principal);
    const remove = privileges.filter((each) => reads?.privileges.includes(each) !== true);
    await changeGrants(schema.name, [{ principal, add: [], remove: [...remove] }], step);
    const left = kept.length > 0 ? [{ ...his, privileges: kept }] : [];
    if (left.length === 0)
      await changeCatalogUse(await catalogUseOf([his], schema.name, step), { add: false }, step);
    await remember(schema.name, { roles: ['loader'], holders: [...others, ...left] }, step);
    return true;
  };

  const usersOf = (schema: Schema, grants: Grants) => {
    const ours = new Set(holdersIn(schema.properties).map(({ principal }) => principal));
    return [...grants.keys()].filter((principal) => principal !== '' && !ours.has(principal));
  };

  /** Without force, so that what came into it since it was looked at stays, and it too. */
  const dropEmpty = async (schema: Schema, step: Step): Promise<Left[]> => {
    const what = `the schema ${catalog.name}.${schema.name}`;
    const remedy = `Remove the component with its data, or run: ${dropStatement(catalog.name, schema.name)}`;
    const tables = await catalog.tables(schema.name, step.interest);
    if (tables > 0)
      return [
        {
          what: `${what} (it has ${String(tables)} ${tables === 1 ? 'table' : 'tables'} by now)`,
          remedy,
        },
      ];
    const users = usersOf(schema, await catalog.grants(schema.name, step.interest));
    if (users.length > 0)
      return [{ what: `${what} (others were granted privileges on it)`, remedy }];
    const freed = await catalogUseOf(holdersIn(schema.properties), schema.name, step);
    try {
      await catalog.drop(schema.name, { force: false, interest: step.interest });
    } catch (err) {
      if (!(err instanceof CallError) || err.status !== 400) throw err;
      return [{ what: `${what} (it is not empty)`, remedy }];
    }
    await changeCatalogUse(freed, { add: false }, step);
    return [];
  };

  const unprepare = async (made: readonly Thing[], step: Step): Promise<Undone> => {
    const schema = await catalog.schema(wanted, step.interest);
    if (!schema || !isOurs(schema)) return { changed: [], left: [] };
    const changed: string[] = [];
    const left: Left[] = [];
    const own = made.find((thing) => nameIn(thing) === wanted);
    if (own) {
      left.push(...(await dropEmpty(schema, step)));
      changed.push(own.id);
    }
    const stays = !own || left.length > 0;
    for (const thing of stays ? made : []) {
      const lacked = lackedIn(thing);
      if (lacked && (await takeBack(schema, lacked, step))) changed.push(thing.id);
    }
    return { changed, left };
  };

  /** The drop takes all grants with it, and is all that happens to a schema that goes. */
  const dropAll = async (name: string, step: Step) => {
    const schema = await ownSchema(name, step);
    if (!schema) return;
    const holders = holdersIn(schema.properties);
    await changeCatalogUse(await catalogUseOf(holders, name, step), { add: false }, step);
    await catalog.drop(name, { force: true, interest: step.interest });
  };

  const cleanup = async (present: readonly Thing[], step: Step) => {
    const names = present.flatMap((thing) => nameIn(thing) ?? []);
    const roles = (
      [
        [READERS, 'reader'],
        [LOADER, 'loader'],
      ] as const
    ).flatMap(([id, role]) => (present.some((thing) => thing.id === id) ? [role] : []));
    const staying = roles.length === 0 ? [] : await ownSchemas(step);
    for (const { name } of staying)
      for (const role of names.includes(name) ? [] : roles) {
        const schema = await ownSchema(name, step);
        if (schema && heldIn(schema, role).length > 0) await takeGrants(schema, role, step);
      }
    for (const name of names) await dropAll(name, step);
  };

  /** Databricks has no UNDROP of a schema: an empty one takes its place, so that the name stays ours. */
  const bringBack = async (thing: Thing, name: string, step: Step): Promise<Left[]> => {
    const there = await catalog.schema(name, step.interest);
    if (there)
      return isOurs(there) ? [] : [{ what: thing.what, remedy: foreignIn(there).solution }];
    await catalog.create(name, { comment: tag, interest: step.interest });
    return [
      {
        what: `what was in ${thing.what}, and who could read it (an empty one is in its place)`,
        remedy: `Databricks brings no schema back. Load its data again by a sync, and set its access again; for some days the files of managed tables may be recovered by Databricks’ support.`,
      },
    ];
  };

  /** Those of an earlier removal are no part of this one, if it was to drop the schema. */
  const giveBackReaders = async (schema: Schema, hasDropped: boolean, step: Step) => {
    const readers = heldIn(schema, 'reader');
    const lost = readers.length > 0 || hasDropped ? readers : heldIn(schema, 'former');
    if (lost.length === 0) return false;
    const principals = lost.map(({ principal }) => principal);
    const { granted } = await setHolders(
      schema,
      { role: 'reader', principals, privileges: READS },
      step,
    );
    return granted.length > 0;
  };

  const restore = async (taken: readonly Thing[], step: Step): Promise<Undone> => {
    const changed: string[] = [];
    const left: Left[] = [];
    for (const thing of taken) {
      const name = nameIn(thing);
      if (name === undefined) continue;
      const lost = await bringBack(thing, name, step);
      if (lost.length > 0) changed.push(thing.id);
      left.push(...lost);
    }
    const schemaNow = async () => {
      const schema = await catalog.schema(wanted, step.interest);
      return schema && isOurs(schema) ? schema : undefined;
    };
    if (taken.some(({ id }) => id === LOADER) || changed.includes(`${SCHEMA}${wanted}`)) {
      const schema = await schemaNow();
      if (schema && (await lacksOn(schema, step)).lacking.length > 0) {
        await setLoader(schema, step);
        changed.push(LOADER);
      }
    }
    const hasDropped = taken.some((thing) => nameIn(thing) === wanted);
    if (hasDropped || taken.some(({ id }) => id === READERS)) {
      const schema = await schemaNow();
      if (schema && (await giveBackReaders(schema, hasDropped, step))) changed.push(READERS);
    }
    return { changed, left };
  };

  const readersOf = (step: Step) => async (schema: Schema) => {
    const grants = await catalog.grants(schema.name, step.interest);
    const readers = [...grants].flatMap(([principal, granted]) =>
      conveys(granted, 'SELECT') ? [principal] : [],
    );
    const holders = heldIn(schema, 'reader').map(({ principal }) => principal);
    const loaders = heldIn(schema, 'loader').map(({ principal }) => principal);
    return {
      ours: readers.filter((each) => holders.includes(each)),
      others: readers.filter((each) => !holders.includes(each) && !loaders.includes(each)),
    };
  };

  /** Who is no more to read loses the data of former versions of the descriptor, too; nobody gains it. */
  const leaveFormer = async (wantedOnes: readonly string[], step: Step) => {
    const former = (await ownSchemas(step)).filter(({ name }) => name !== wanted);
    const revoked: string[] = [];
    for (const schema of former) {
      const readers = heldIn(schema, 'reader').map(({ principal }) => principal);
      const staying = readers.filter((each) => wantedOnes.includes(each));
      if (staying.length === readers.length) continue;
      const wants = { role: 'reader' as const, principals: staying, privileges: READS };
      revoked.push(...(await setHolders(schema, wants, step)).revoked);
    }
    return revoked;
  };

  const noSchema = () =>
    new Refusal(
      `There is no schema ${catalog.name}.${wanted} of the component, so there is nothing to grant.`,
      'Deploy the component first.',
    );

  return {
    system: 'Databricks',
    manages: manages.schema,
    managesAccess: manages.access,
    foreignIn,
    look,
    prepare,
    unprepare,
    cleanup,
    restore,

    readers: async (step) => {
      const schema = await ownSchema(wanted, step);
      const former = (await ownSchemas(step)).filter(({ name }) => name !== wanted);
      const all = await Promise.all([...(schema ? [schema] : []), ...former].map(readersOf(step)));
      const [here] = schema ? all : [];
      return {
        ours: [...new Set(all.flatMap(({ ours }) => ours))],
        others: here?.others ?? [],
      };
    },

    grant: async (principals, step) => {
      const wantedOnes = [...new Set(principals)];
      if (wantedOnes.length > MOST_READERS)
        throw new Refusal(
          `${String(wantedOnes.length)} people and groups are to read the schema ${catalog.name}.${wanted}; at most ${String(MOST_READERS)} can.`,
          'Grant to groups.',
        );
      const schema = await ownSchema(wanted, step);
      if (!schema && wantedOnes.length > 0) throw noSchema();
      const left = await leaveFormer(wantedOnes, step);
      if (!schema) return { granted: [], revoked: left };
      // Who owns it, and whom Airbyte writes as, read it anyhow.
      const others = wantedOnes.filter((each) => each !== schema.owner);
      const wants = { role: 'reader' as const, principals: others, privileges: READS };
      const { granted, revoked } = await setHolders(schema, wants, step);
      return { granted, revoked: [...new Set([...revoked, ...left])] };
    },
  };
};
