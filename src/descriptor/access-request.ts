import { z } from 'zod';
import { problemsIn, readRefs } from './refs';
import type { Principal } from './refs';
import { PublicInfoEntry, UpdateAclRequest } from '../contract/coordinator';
import type { Info } from '../contract/coordinator';
import { readIdentity } from './descriptor';
import type { Component, Identity, Rules } from './descriptor';
import { RequestError } from '../contract/problems';
import { isRecord, parseJson } from '../contract/json';
import { readAs } from '../contract/parse';
import { readPlaces } from './places';
import type { Place } from './places';
import { dataAccessProblem } from '../settings/tenancy';
import { MAX_PLACES } from '../../workflows/protocol/lengths';
import { readYaml } from '../reading/yaml';
import type { Yaml } from '../reading/yaml';

/** Who shall have access to a component, and what its last provisioning told. */
export interface AccessRequest {
  component: Component;
  people: Principal[];
  /** Where its data is, as far as its last provisioning or its descriptor tells; undefined: in no fabric. */
  place?: Place | undefined;
  /** Where it was before, the latest first. */
  former?: Place[] | undefined;
  /** Told again with the new access, so that neither the ids nor what people see gets lost. */
  info: Pick<Info, 'publicInfo'> & { privateInfo: Record<string, string> };
}

const AT = 'provisionInfo.request';
const MAX_ENTRIES = 50;
/**
 * Characters of what is told again of one; what is longer is left out, which is none of ours: a value has
 * 4,000 at most, and a label the name of a component.
 */
export const MAX_ENTRY = 5000;
const IDS = ['workspaceId', 'sourceId', 'destinationId', 'connectionId'];

const LastStatus = z.object({
  info: z.object({
    publicInfo: z.record(z.string(), z.unknown()).catch({}),
    privateInfo: z.record(z.string(), z.unknown()).catch({}),
  }),
});

const isId = (value: unknown): value is string => z.guid().safeParse(value).success;

const placesIn = (info: { privateInfo: Record<string, unknown> } | undefined): Place[] => {
  const places = info?.privateInfo.places;
  return typeof places === 'string' ? readPlaces(parseJson(places)) : [];
};

/** The result may be a status or any text: what cannot be read is not told again. */
const infoIn = (result: string | null | undefined): AccessRequest['info'] => {
  const info = LastStatus.safeParse(parseJson(result ?? '')).data?.info;
  const entries = Object.entries(info?.publicInfo ?? {}).flatMap(([key, value]) => {
    const entry = PublicInfoEntry.safeParse(value);
    // The link to the run is of the run that is told about.
    if (!entry.success || key === 'run') return [];
    const { label, value: words, href = '' } = entry.data;
    const size = key.length + label.length + words.length + href.length;
    return size > MAX_ENTRY ? [] : [[key, entry.data] as const];
  });
  const known = placesIn(info);
  const ids = IDS.flatMap((key) => {
    const id = info?.privateInfo[key];
    return isId(id) ? [[key, id] as const] : [];
  });
  return {
    publicInfo: Object.fromEntries(entries.slice(0, MAX_ENTRIES)),
    privateInfo: {
      ...Object.fromEntries(ids),
      ...(known.length > 0 && { places: JSON.stringify(known) }),
    },
  };
};

const isOfProduct = ({ value }: Yaml) =>
  isRecord(value) && Array.isArray(value.components) && !('dataProduct' in value);

const withinRequest = (path: string) => (path === 'descriptor' ? AT : `${AT}.${path}`);

/** The component of `provisionInfo.request`; or what is wrong with it. */
const readComponent = (
  descriptor: string,
  given: Rules & { mustFit: boolean },
): Identity | RequestError => {
  const yaml = readYaml(descriptor, 'descriptor');
  try {
    const request = { descriptorKind: 'COMPONENT_DESCRIPTOR' as const, descriptor, yaml };
    // What is there already may be called as it is: its access can be taken away.
    return readIdentity(request, given);
  } catch (err) {
    if (!(err instanceof RequestError) || err.reason === 'forbidden') throw err;
    if (!isOfProduct(yaml)) {
      const problems = err.problems.map((each) => ({ ...each, path: withinRequest(each.path) }));
      return new RequestError(problems, err);
    }
    return new RequestError(
      [{ path: AT, message: 'is the descriptor of a data product; access is given to components' }],
      { solutions: ['Send the COMPONENT_DESCRIPTOR the component was provisioned with.'] },
    );
  }
};

const ASK = 'Ask the platform operator whether that is meant, or send no refs.';

/** Why nobody is granted the data, and what to do about it. */
const whyNot = (problem: string | undefined, former: Place[]) => {
  if (problem !== undefined) return { why: problem, solution: ASK };
  if (former.length === 0)
    return {
      why: 'the component writes to no fabric, as far as its last run and its descriptor tell',
      solution: ASK,
    };
  return {
    why: 'by its last run the component has left the places in fabrics where its data was',
    solution: 'Deploy the component to a fabric, then send the request again; or send no refs.',
  };
};

/** Where nothing is to be granted in Airbyte, a wish for it must not look fulfilled. */
const accessProblem = (
  { component, place, former }: { component: Component; place: Place | undefined; former: Place[] },
  refs: unknown[],
  { tenancy }: Rules,
) => {
  const { environment, key } = component;
  const access = tenancy?.environments[environment]?.workspaceAccess;
  if (access !== 'none' || refs.length === 0) return undefined;
  const problem = place && tenancy && dataAccessProblem(tenancy, { key, place });
  if (place && problem === undefined) return undefined;
  const { why, solution } = whyNot(problem, former);
  const message = `cannot be fulfilled: in ${environment} nobody is given access to Airbyte (workspaceAccess: none), and ${why}`;
  return new RequestError([{ path: 'refs', message }], {
    solutions: [solution],
    about: key,
  });
};

/** A default is known by its name by then. */
const isAt = (named: Place, { connector, fabric, configuration }: Place) =>
  named.connector === connector &&
  (named.fabric === undefined || named.fabric === fabric) &&
  Object.entries(named.configuration).every(([field, value]) => configuration[field] === value);

/**
 * Where a component writes to, and where else it has been. What the last run has left is not written to any
 * more, though the descriptor still names it: nobody is let in there.
 */
const presentAmong = (known: Place[], named: Place | undefined) => {
  const told = known.find(({ isFormer }) => !isFormer);
  const isLeft = named !== undefined && known.some((each) => isAt(named, each));
  const place = told ?? (isLeft ? undefined : named);
  return { place, former: known.filter((each) => each !== place) };
};

const distinct = (places: Place[]): Place[] => {
  const known = new Map(places.map((place) => [JSON.stringify(place), place]));
  return [...known.values()].slice(0, MAX_PLACES);
};

/** Throws a RequestError with everything that is wrong, refs and descriptor together. */
export const readAccess = (body: unknown, rules: Rules = {}): AccessRequest => {
  const { refs, provisionInfo } = readAs(UpdateAclRequest, body, {
    whole: 'body',
    solution:
      'Send an UpdateAclRequest: refs (all who shall have access), provisionInfo.request, provisionInfo.result.',
  });
  const read = readComponent(provisionInfo.request, { ...rules, mustFit: refs.length > 0 });
  const problems = problemsIn(refs);
  if (read instanceof RequestError) throw new RequestError([...problems, ...read.problems], read);
  const { component, places } = read;
  const info = infoIn(provisionInfo.result);
  const known = distinct([...placesIn(info), ...places.former]);
  const { place, former } = presentAmong(known, places.named);
  const refused = accessProblem({ component, place, former }, refs, rules);
  if (refused) throw refused;
  return {
    component,
    people: readRefs(refs),
    ...(place && { place }),
    ...(former.length > 0 && { former }),
    info,
  };
};
