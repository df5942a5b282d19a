import { z } from 'zod';
import { readRef } from '../contract/ref';
import type { Meant } from '../contract/ref';
import { closed } from '../reading/closed-objects';
import { text } from '../reading/values';

/* How the users and groups of Witboost are called in a fabric. Whether they exist is for each type to say. */

/** Entries of a table, of each kind. */
const MAX_ENTRIES = 5000;

/** What a template may have between braces; in upper case the value is in upper case, too. */
const PARTS = {
  user: ['mail', 'local', 'domain'],
  group: ['name'],
} as const;

const PLACEHOLDER = /\{([^{}]*)\}/g;

const isKnown = (kind: keyof typeof PARTS, given: string) =>
  PARTS[kind].some((part) => part === given || part.toUpperCase() === given);

const templateOf = (kind: keyof typeof PARTS) =>
  text.superRefine((template, ctx) => {
    const given = [...template.matchAll(PLACEHOLDER)].map(([, part = '']) => part);
    const known = PARTS[kind].map((part) => `{${part}}`).join(', ');
    const unknown = given.find((part) => !isKnown(kind, part));
    const issue = { code: 'custom' as const };
    if (unknown !== undefined)
      ctx.addIssue({
        ...issue,
        message: `has {${unknown}}; there are ${known}, in upper case too`,
      });
    else if (given.length === 0)
      ctx.addIssue({
        ...issue,
        message: `must have one of ${known}, or all were one and the same`,
      });
    else if (/[{}]/.test(template.replaceAll(PLACEHOLDER, '')))
      ctx.addIssue({ ...issue, message: 'has a brace without its other half' });
  });

const tableOf = (what: string) =>
  z
    .record(z.string(), text.meta({ description: what }))
    .default({})
    .refine((table) => Object.keys(table).length <= MAX_ENTRIES, {
      message: `may have ${String(MAX_ENTRIES)} entries`,
    });

const strategy = <Name extends string>(name: Name) =>
  z.literal(name).meta({
    description:
      '`identity`: users by their mail, groups by their name; `template`: by what is made of these; `table`: by what it says',
  });

const Identity = closed(z.strictObject({ strategy: strategy('identity') }));

const Template = closed(
  z.strictObject({
    strategy: strategy('template'),
    user: templateOf('user').default('{mail}').meta({
      description: 'Of `{mail}`, `{local}`, `{domain}`; `{MAIL}` is the same in upper case',
    }),
    group: templateOf('group').default('{name}').meta({ description: 'Of `{name}`' }),
  }),
);

const Table = closed(
  z.strictObject({
    strategy: strategy('table'),
    users: tableOf('As the fabric calls the user of this mail'),
    groups: tableOf('As the fabric calls the group of this name'),
  }),
);

/** How a fabric calls those whom a request names. */
export const PrincipalsSettings = z
  .discriminatedUnion('strategy', [Identity, Template, Table])
  .prefault({ strategy: 'identity' });
export type PrincipalsSettings = z.output<typeof PrincipalsSettings>;

/** The same where a table may not say that a group is everybody. */
export const principalsBut = (isEverybody: (name: string) => boolean) =>
  PrincipalsSettings.superRefine((settings, ctx) => {
    const groups = settings.strategy === 'table' ? settings.groups : {};
    for (const [group, name] of Object.entries(groups))
      if (isEverybody(name))
        ctx.addIssue({
          code: 'custom',
          path: ['groups', group],
          message: `must not be ${name}, which stands for everybody`,
        });
  });

/** Whom a ref stands for, as the fabric calls him, before anybody has looked whether he exists. */
export interface Called {
  kind: Meant['kind'];
  name: string;
}

const partsOf = ({ kind, name }: Meant): Record<string, string> => {
  if (kind === 'group') return { name };
  const at = name.lastIndexOf('@');
  return { mail: name, local: name.slice(0, at), domain: name.slice(at + 1) };
};

const filled = (template: string, meant: Meant) => {
  const parts = partsOf(meant);
  return template.replaceAll(PLACEHOLDER, (_all, part: string) => {
    const value = parts[part.toLowerCase()] ?? '';
    return part === part.toLowerCase() ? value : value.toUpperCase();
  });
};

/** Mails have no upper case; a group's name is what it is. */
const entryOf = (table: Record<string, string>, { kind, name }: Meant) =>
  Object.entries(table).find(
    ([key]) => (kind === 'user' ? key.trim().toLowerCase() : key) === name,
  )?.[1];

/** As the fabric calls whom a ref stands for, or why nobody is meant: a sentence's end, after the ref. */
export const calledBy = (
  settings: PrincipalsSettings,
  ref: string,
): Called | { problem: string } => {
  const meant = readRef(ref);
  if ('problem' in meant) return meant;
  const { kind, name } = meant;
  if (settings.strategy === 'identity') return { kind, name };
  if (settings.strategy === 'template')
    return { kind, name: filled(kind === 'user' ? settings.user : settings.group, meant) };
  const found = entryOf(kind === 'user' ? settings.users : settings.groups, meant);
  if (found !== undefined) return { kind, name: found };
  return { problem: `${name} is not in the fabric's table of ${kind}s (principals.${kind}s)` };
};
