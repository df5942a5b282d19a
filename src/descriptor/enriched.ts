import { z } from 'zod';
import { tooMuchIn } from '../contract/document-limits';
import { isRecord, parseJson } from '../contract/json';
import { readPlaces } from './places';
import type { Place } from './places';
import { readYaml } from '../reading/yaml';

/** Ids of what a former run made (`info.privateInfo`); hints, believed only if Airbyte agrees. */
export interface KnownIds {
  sourceId?: string | undefined;
  destinationId?: string | undefined;
  connectionId?: string | undefined;
}

/** A component of a descriptor, by its id. */
export const isCalled = (id: string) => (component: unknown) =>
  typeof component === 'object' && component !== null && Reflect.get(component, 'id') === id;

/** What `latestEnrichedDescriptor` tells of one component. */
interface Former {
  known: KnownIds;
  /** Where runs have put its data, the latest first. */
  places: Place[];
  /** For the run's log. */
  notes: string[];
}

/** What a former deployment knew. Nothing in it is trusted, and nothing wrong with it is told. */
export interface Enriched {
  /** Whole, as it was then; undefined for one that was not there. */
  componentOf: (id: string) => unknown;
  componentIds: string[];
  formerOf: (id: string) => Former;
  /** On the data product as a whole. */
  notes: string[];
}

const guid = z.guid();
const IDS = ['sourceId', 'destinationId', 'connectionId'] as const;

/** A word or two, such as the Coordinator writes here; anything else is not repeated. */
const word = z.string().regex(/^[A-Za-z][\w -]{0,39}$/);
const Operation = z.object({ operation: word, status: word });

const field = (value: unknown, key: string) => (isRecord(value) ? value[key] : undefined);

/** Those under their own names, or `<component>.<name>` where a run of the whole product told them. */
const idsIn = (holder: unknown, prefix = ''): KnownIds => {
  const privateInfo = field(field(holder, 'info'), 'privateInfo');
  return Object.fromEntries(
    IDS.flatMap((name) => {
      const id = field(privateInfo, `${prefix}${name}`);
      return typeof id === 'string' && guid.safeParse(id).success ? [[name, id]] : [];
    }),
  );
};

/** `latestProvisioningOperation` is told beside `info` or in it. */
const notesOn = (holder: unknown): string[] => {
  const key = 'latestProvisioningOperation';
  const given = field(holder, key) ?? field(field(holder, 'info'), key);
  if (!isRecord(given)) return [];
  const parsed = Operation.safeParse(given);
  if (!parsed.success) return [];
  return [`Witboost's last operation on record: ${parsed.data.operation}, ${parsed.data.status}`];
};

/** A list as JSON, as a run tells it. */
const placesIn = (given: unknown) =>
  typeof given === 'string' ? readPlaces(parseJson(given)) : [];

const nameIn = (id: string) => id.toLowerCase().split(':').at(-1) ?? '';

const idOf = (component: unknown) => {
  const id = field(component, 'id');
  return typeof id === 'string' ? id : undefined;
};

/** The Coordinator sends JSON, which is read a hundred times as fast as YAML. */
const valueOf = (text: string): unknown => {
  const json = parseJson(text);
  if (json === undefined) return readYaml(text, 'latestEnrichedDescriptor').value;
  return tooMuchIn(json) === undefined ? json : undefined;
};

const productIn = (text: string | null | undefined): unknown => {
  if (!text) return undefined;
  const value = valueOf(text);
  return field(value, 'dataProduct') ?? value;
};

/** Reads `latestEnrichedDescriptor`, which may be anything. */
export const readEnriched = (text: string | null | undefined): Enriched => {
  const product = productIn(text);
  const components = field(product, 'components');
  const listed: unknown[] = Array.isArray(components) ? components : [];
  const byId = new Map(
    listed.flatMap((component): [string, unknown][] => {
      const id = idOf(component);
      return id === undefined ? [] : [[id.toLowerCase(), component]];
    }),
  );
  const componentOf = (id: string) => byId.get(id.toLowerCase());
  return {
    componentOf,
    componentIds: listed.flatMap((component) => idOf(component) ?? []),
    formerOf: (id) => {
      const component = componentOf(id);
      const known = { ...idsIn(product, `${nameIn(id)}.`), ...idsIn(component) };
      const placesOf = (holder: unknown, prefix = '') =>
        field(field(field(holder, 'info'), 'privateInfo'), `${prefix}places`);
      const places = placesIn(placesOf(component) ?? placesOf(product, `${nameIn(id)}.`));
      return { known, places, notes: notesOn(component) };
    },
    notes: notesOn(product),
  };
};
