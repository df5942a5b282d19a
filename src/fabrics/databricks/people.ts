import { z } from 'zod';
import type { CallInterest } from '../../concurrency/call-interest';
import { Refusal } from '../../contract/problems';
import type { Principals } from '../fabric';
import { calledBy } from '../principals';
import type { Called, PrincipalsSettings } from '../principals';
import type { Client } from './client';
import { SCIM } from './identity';
import { isEverybody } from './names';

/* Whether those whom a request names exist in the workspace. */

/** Names that one call asks for: they go into its URL. */
const MOST_NAMES = 20;
/** Characters of them together. */
const MAX_FILTER = 2000;

const APPLICATION_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

const KINDS = {
  user: { path: 'Users', attribute: 'userName', are: 'user' },
  group: { path: 'Groups', attribute: 'displayName', are: 'group' },
  servicePrincipal: {
    path: 'ServicePrincipals',
    attribute: 'applicationId',
    are: 'service principal',
  },
} as const;
type Kind = keyof typeof KINDS;

const Found = z.object({
  userName: z.string().optional(),
  displayName: z.string().optional(),
  applicationId: z.string().optional(),
  active: z.boolean().optional(),
  meta: z.object({ resourceType: z.string().optional() }).optional(),
});
const Page = z.object({ Resources: z.array(Found).default([]) });

const kindOf = ({ kind, name }: Called): Kind =>
  kind === 'user' && APPLICATION_ID.test(name) ? 'servicePrincipal' : kind;

const comparison = (attribute: string, name: string) =>
  `${attribute} eq "${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

/** As many together as fit into one call. */
const inCalls = (names: readonly string[], attribute: string) => {
  const calls: string[][] = [];
  let size = 0;
  for (const name of names) {
    const part = comparison(attribute, name);
    const last = calls.at(-1);
    if (!last || last.length >= MOST_NAMES || size + part.length > MAX_FILTER) {
      calls.push([part]);
      size = part.length;
    } else {
      last.push(part);
      size += part.length + 4;
    }
  }
  return calls.map((parts) => parts.join(' or '));
};

/** Names are told apart without their case, as Databricks does with mails. */
const folded = (name: string) => name.toLowerCase();

const problemOf = ({ active, meta }: z.output<typeof Found>, kind: Kind) => {
  if (active === false) return `is a ${KINDS[kind].are} of the workspace that is not active`;
  if (meta?.resourceType === 'WorkspaceGroup')
    return 'is a group of the workspace only, to which Unity Catalog grants nothing: it must be one of the account';
  return undefined;
};

type Known = Map<string, { name: string; problem?: string | undefined }>;

const lookUp = async (
  { demand }: Client,
  { kind, names, interest }: { kind: Kind; names: string[]; interest: CallInterest },
): Promise<Known> => {
  const { path, attribute } = KINDS[kind];
  const pages = await Promise.all(
    inCalls(names, attribute).map((filter) =>
      demand({
        method: 'GET',
        path: `${SCIM}/${path}`,
        operation: `${SCIM}/${path}`,
        query: { filter, count: 100, attributes: `${attribute},active,meta` },
        answer: Page,
        interest,
      }),
    ),
  );
  return new Map(
    pages.flatMap(({ Resources: found }) =>
      found.flatMap((each) => {
        const name = each[attribute];
        if (name === undefined) return [];
        return [[folded(name), { name, problem: problemOf(each, kind) }] as const];
      }),
    ),
  );
};

/** What was for a few is not given to everybody, whoever of those that deploy may name a group so. */
const somebody = (settings: PrincipalsSettings, ref: string): Called | { problem: string } => {
  const called = calledBy(settings, ref);
  if ('problem' in called || !isEverybody(called.name)) return called;
  return { problem: `${called.name} of Databricks stands for everybody` };
};

/** Of which of these kinds whoever calls is shown nobody, be it that there is none. */
export const hiddenKinds = async (
  { demand }: Client,
  interest: CallInterest,
  kinds: readonly Kind[] = ['user', 'group'],
): Promise<string[]> => {
  const hidden = kinds.map(async (kind) => {
    const { path, attribute, are } = KINDS[kind];
    const { Resources: found } = await demand({
      method: 'GET',
      path: `${SCIM}/${path}`,
      operation: `${SCIM}/${path}`,
      query: { count: 1, attributes: attribute },
      answer: Page,
      interest,
    });
    return found.length > 0 ? [] : [`${are}s`];
  });
  return (await Promise.all(hidden)).flat();
};

interface Asked {
  settings: PrincipalsSettings;
  refs: readonly string[];
  interest: CallInterest;
}

/** Whom a ref stands for. */
interface Judged {
  ref: string;
  /** As Databricks calls him, where he is there. */
  name?: string;
  /** Why nothing can be granted to him. */
  problem?: string | undefined;
  /** What he would be, where he is not found. */
  missing?: Kind;
}

const judge = async (client: Client, { settings, refs, interest }: Asked): Promise<Judged[]> => {
  const all = [...new Set(refs)].map((ref) => ({ ref, called: somebody(settings, ref) }));
  const meant = all.flatMap(({ called }) => ('problem' in called ? [] : [called]));
  const byKind = async (kind: Kind): Promise<[Kind, Known]> => {
    const names = meant.filter((each) => kindOf(each) === kind).map(({ name }) => name);
    return [kind, await lookUp(client, { kind, names: [...new Set(names)], interest })];
  };
  const found = new Map(
    await Promise.all((['user', 'group', 'servicePrincipal'] as const).map(byKind)),
  );
  return all.map(({ ref, called }): Judged => {
    if ('problem' in called) return { ref, problem: called.problem };
    const kind = kindOf(called);
    const { name } = called;
    const one = found.get(kind)?.get(folded(name));
    if (!one)
      return {
        ref,
        problem: `${name} is no ${KINDS[kind].are} of the Databricks workspace`,
        missing: kind,
      };
    return { ref, name: one.name, problem: one.problem && `${name} ${one.problem}` };
  });
};

/** Who is whom, and who is nobody; a few calls, however many they are. */
export const principalsOf = async (client: Client, asked: Asked): Promise<Principals> => {
  const known: Record<string, string> = {};
  const unknown: Record<string, string> = {};
  for (const { ref, name, problem = '' } of await judge(client, asked))
    if (problem !== '' || name === undefined) unknown[ref] = problem;
    else known[ref] = name;
  return { known, unknown };
};

/** Those who are there, be it that nothing can be granted to them. */
export const namesOf = async (client: Client, asked: Asked): Promise<string[]> => {
  const all = await judge(client, asked);
  const missing = [...new Set(all.flatMap((each) => each.missing ?? []))];
  const hidden = await hiddenKinds(client, asked.interest, missing);
  if (hidden.length > 0)
    throw new Refusal(
      `Databricks shows no ${hidden.join(' and ')} to whom the fabric is managed as, so who of those that are named may read there is not known.`,
      'Have it let look at the users and groups of the workspace, then send the request again.',
    );
  return all.flatMap(({ name }) => name ?? []);
};
