import { z } from 'zod';
import type { CallInterest } from '../../../concurrency/call-interest';
import { UNITY, optionalText, pagesOf } from './calls';
import type { On, Unity } from './calls';

/* What was granted on a catalog, or on a schema in it. */

const Assignment = z.object({
  principal: z.string().default(''),
  privileges: z.array(z.string()).default([]),
});
const Assignments = z.object({
  privilege_assignments: z.array(Assignment).default([]),
  next_page_token: optionalText,
});
const Effective = z.object({
  privilege_assignments: z
    .array(
      z.object({
        principal: z.string().default(''),
        privileges: z.array(z.object({ privilege: z.string() })).default([]),
      }),
    )
    .default([]),
  next_page_token: optionalText,
});

/** Privileges by whom they were granted to. */
export type Grants = Map<string, Set<string>>;

export interface Change {
  principal: string;
  add: readonly string[];
  remove: readonly string[];
}

/** Privileges that are granted by themselves only. */
const APART = ['MANAGE', 'EXTERNAL_USE_SCHEMA', 'EXTERNAL_USE_LOCATION'];

/** Whether a grant of a kind stands: by itself, or in all privileges. */
export const conveys = (granted: Set<string> | undefined, privilege: string) =>
  granted !== undefined &&
  (granted.has(privilege) || (granted.has('ALL_PRIVILEGES') && !APART.includes(privilege)));

const kindOf = (on: On) => (on === undefined ? 'catalog' : 'schema');

export const createPermissions = ({ demand, catalog, aboutOf, needsOn }: Unity) => {
  const grantsPath = (api: string, on: On) =>
    `${UNITY}/${api}/${kindOf(on)}/${encodeURIComponent(on === undefined ? catalog : `${catalog}.${on}`)}`;

  return {
    /** What was granted on it directly, as far as whoever calls may see it. */
    grants: async (on: On, interest: CallInterest): Promise<Grants> => {
      const needs = await needsOn(on, ['MANAGE'], interest);
      const pages = await pagesOf((page_token) =>
        demand({
          method: 'GET',
          path: grantsPath('permissions', on),
          operation: `${UNITY}/permissions/${kindOf(on)}/{name}`,
          query: { page_token },
          answer: Assignments,
          about: aboutOf(on),
          needs,
          interest,
        }),
      );
      const all = pages.flatMap(({ privilege_assignments: each }) => each);
      return new Map(all.map(({ principal, privileges }) => [principal, new Set(privileges)]));
    },

    /** All that somebody has by whatever way, as far as whoever calls may see it. */
    effective: async (
      on: On,
      { principal, interest }: { principal: string; interest: CallInterest },
    ): Promise<Set<string>> => {
      const pages = await pagesOf((page_token) =>
        demand({
          method: 'GET',
          path: grantsPath('effective-permissions', on),
          operation: `${UNITY}/effective-permissions/${kindOf(on)}/{name}`,
          query: { principal, page_token },
          answer: Effective,
          about: aboutOf(on),
          interest,
        }),
      );
      const all = pages.flatMap(({ privilege_assignments: each }) => each);
      return new Set(all.flatMap(({ privileges }) => privileges.map(({ privilege }) => privilege)));
    },

    /** All of these changes, or none. */
    change: async (
      on: On,
      { changes, interest }: { changes: Change[]; interest: CallInterest },
    ) => {
      if (changes.length === 0) return;
      await demand({
        method: 'PATCH',
        path: grantsPath('permissions', on),
        operation: `${UNITY}/permissions/${kindOf(on)}/{name}`,
        body: { changes },
        answer: z.unknown(),
        writes: true,
        about: aboutOf(on),
        needs: await needsOn(on, ['MANAGE'], interest),
        interest,
      });
    },
  };
};
