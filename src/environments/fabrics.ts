import { isDeepStrictEqual } from 'node:util';
import type { FabricOf } from '../../activities/fabric/fabric';
import type { WrittenTo } from '../../activities/fabric/written';
import type { WorkerConfig } from '../config/config';
import { MovedAway, NotInSettings, Refusal } from '../contract/problems';
import type { Destination, Fabric, Opening, Whereabouts } from '../fabrics/fabric';
import type { Fabrics } from '../fabrics/fabrics';
import { typeFor, typeOf, writtenTo } from '../fabrics/types';
import type { FabricSettings } from '../fabrics/types';
import { Unresolved, createSecretLookup } from '../secrets/lookup';
import type { SecretLookup } from '../secrets/lookup';
import { createRedactor } from '../secrets/masking';
import type { Redactor } from '../secrets/masking';
import type { Named } from '../settings/ownership';
import type { Settings } from '../settings/settings';
import { fabricsOf } from '../settings/ownership';
import { fabricFor, judgedOwner } from '../settings/tenancy';

/** A secret of the file's own: what is wrong with it is the operator's to mend. */
const secretsOf =
  (lookUp: SecretLookup, fabric: string): Opening['secretOf'] =>
  async ({ secretRef }) => {
    try {
      return await lookUp(secretRef);
    } catch (err) {
      if (!(err instanceof Unresolved)) throw err;
      throw new Refusal(`Of the fabric ${fabric} ${err.message}.`, err.remedy);
    }
  };

const notThere = (message: string) =>
  new NotInSettings(
    `specific.destination.fabric: ${message}.`,
    'Name another fabric, or ask the platform operator for one (fabrics in the configuration file).',
  );

const inWords = (where: Whereabouts) =>
  Object.entries(where)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');

const movedAway = (
  name: string,
  { was, is, names }: { was: Whereabouts; is: Whereabouts; names: string | undefined },
) =>
  new MovedAway(
    `The fabric ${name} leads to ${inWords(is)} by now; what the component has is at ${inWords(was)}, where the fabric's credentials do not go.`,
    `Have its owner remove by hand there what bears the tag of the component, or ask the platform operator for a fabric of its own that leads there${names === undefined ? '' : `, or, if both are the same by two names, to name the former in ${names} of the fabric`}.`,
  );

/** Where a place was when a run put data there, if the settings lead elsewhere by now. Throws a MovedAway. */
const leadingTo = (
  { name, settings }: Named<FabricSettings>,
  was: Whereabouts | undefined,
): Named<FabricSettings> | undefined => {
  const type = typeOf(settings);
  const is = type.whereOf(settings);
  if (!was || isDeepStrictEqual(was, is)) return undefined;
  const leading = type.leadingTo(settings, was);
  if (!leading) throw movedAway(name, { was, is, names: type.formerNames });
  return leading === settings ? undefined : { name, settings: leading };
};

const twice = () =>
  new Refusal(
    'specific.destination.fabric: and credentials of the descriptor’s own exclude each other.',
    'Leave one of them out of the descriptor, then deploy again.',
  );

/** The fabric that one end of a component writes to; undefined: none is meant. Throws a Refusal. */
const found = (
  settings: Settings,
  { connector, configuration, fabric: wanted }: Destination,
  key: string | undefined,
): Named<FabricSettings> | undefined => {
  const type = typeFor(connector);
  if (!type || type.bringsAccount(configuration)) {
    if (wanted !== undefined) throw twice();
    return undefined;
  }
  if (key === undefined) return undefined;
  const owner = judgedOwner(settings, key);
  if (!owner) throw notThere('is not there for a domain that belongs to no team');
  if ('problem' in owner) throw new NotInSettings(owner.problem, owner.solution);
  const fabric = fabricFor(settings, { ...owner, type: type.name, wanted });
  if ('problem' in fabric) throw notThere(fabric.problem);
  return fabric.fabric;
};

/** The fabrics that a component may use and that lead to where a destination of Airbyte's writes to. */
const leadingThere = (
  settings: Settings,
  key: string,
  { name: wanted, configuration }: { name: string; configuration: Record<string, unknown> },
) => {
  const owner = judgedOwner(settings, key);
  if (!owner || 'problem' in owner) return [];
  const { environment, team } = owner;
  return fabricsOf(settings, { environment, team: team.name }).flatMap(
    ({ name, settings: its }) => {
      if (its.type !== wanted) return [];
      const type = typeOf(its);
      const where = type.whereIn(configuration, its);
      const leads =
        where && (isDeepStrictEqual(type.whereOf(its), where) || type.leadingTo(its, where));
      return where && leads ? [{ name, where }] : [];
    },
  );
};

/** Where a destination of Airbyte's writes to, and the fabrics of the file by which that is reached. */
export const createWrittenTo =
  (settings: () => Settings): WrittenTo =>
  (configuration, key) => {
    const found = writtenTo(configuration);
    if (!found) return undefined;
    const { name, system, connector, placedBy, where } = found;
    const fields = placedBy.flatMap((name) => {
      const value = configuration[name];
      return typeof value === 'string' && value !== '' ? [[name, value] as const] : [];
    });
    const place = { connector, configuration: Object.fromEntries(fields) };
    const fabrics = leadingThere(settings(), key, { name, configuration });
    return {
      system,
      place: { ...place, where },
      reachedBy: fabrics.map(({ name, where }) => ({ ...place, fabric: name, where })),
    };
  };

/** The fabrics of the configuration file, as it is now: those that the team of a component may use. */
export const createNamedFabrics =
  (settings: () => Settings, lookUp: SecretLookup): Fabrics =>
  async (end, key) => {
    const fabric = found(settings(), end, key);
    if (!fabric) return {};
    const secretOf = secretsOf(lookUp, fabric.name);
    const { configuration } = end;
    return typeOf(fabric.settings).destination(fabric.settings, { secretOf, configuration });
  };

/** What fabrics are opened with: where their secrets are, and whom they tell of their calls. */
type Given = Pick<Opening, 'requestTimeout' | 'log' | 'observe'> & Pick<WorkerConfig, 'secrets'>;

/** Opens fabrics of the file. Nothing is called, and no secret looked up, before one of their verbs is. */
const createOpening = ({ secrets, ...given }: Given) => {
  const redactor = createRedactor();
  const lookUp = createSecretLookup(secrets, redactor);
  return {
    redact: redactor.redact,
    open: ({ name, settings }: Named<FabricSettings>): Fabric =>
      typeOf(settings).open(settings, {
        ...given,
        name,
        redactor,
        secretOf: secretsOf(lookUp, name),
      }),
  };
};

interface Opened {
  name: string;
  /** What the file said of it then, wherever it led to before. */
  by: FabricSettings;
  settings: FabricSettings;
  fabric: Fabric;
}

/** Places where one fabric led to before that stay open: what requests say of places must not fill the memory. */
const MOST_FORMER_PLACES = 10;

/** What components have in the fabrics of a file, and what masks the secrets of these. */
export interface OpenFabrics {
  fabricOf: FabricOf;
  redact: Redactor['redact'];
}

/**
 * The fabrics of the file, as it is now, for all environments of a worker: calls to one are counted together,
 * and its tokens are made once. It stays open until what the file says of it has changed.
 */
export const createOpenFabrics = (settings: () => Settings, given: Given): OpenFabrics => {
  const { open, redact } = createOpening(given);
  const opened = new Map<string, Opened>();
  /** Of fabrics that are not there any more, or are by now what the file did not say then; the oldest of too many. */
  const forget = ({ name, settings: by }: Named<FabricSettings>) => {
    const names = Object.keys(settings().fabrics);
    for (const [key, each] of opened) {
      const isOutdated = each.name === name && !isDeepStrictEqual(each.by, by);
      if (isOutdated || !names.includes(each.name)) opened.delete(key);
    }
    const former = [...opened].filter(
      ([, each]) => each.name === name && !isDeepStrictEqual(each.settings, by),
    );
    for (const [key] of former.slice(0, -MOST_FORMER_PLACES + 1)) opened.delete(key);
  };
  const opening = (of: Named<FabricSettings>, there: Named<FabricSettings>) => {
    const key = JSON.stringify([of.name, typeOf(there.settings).whereOf(there.settings)]);
    const known = opened.get(key);
    if (known && isDeepStrictEqual(known.settings, there.settings)) return known.fabric;
    forget(of);
    const fabric = open(there);
    opened.set(key, { name: of.name, by: of.settings, settings: there.settings, fabric });
    return fabric;
  };
  return {
    redact,
    fabricOf: (end, key) => {
      const meant = found(settings(), end, key);
      if (!meant) return undefined;
      const fabric = opening(meant, leadingTo(meant, end.where) ?? meant);
      return { ...fabric.of({ key, end }), fabric };
    },
  };
};

/** Where a fabric of the file is, for people. */
export const addressOf = (settings: FabricSettings) => typeOf(settings).addressOf(settings);

/** A fabric of the file for who looks at it by himself, and what masks its secrets. */
export const openForLook = (named: Named<FabricSettings>, given: Given) => {
  const { open, redact } = createOpening(given);
  return { fabric: open(named), redact };
};
