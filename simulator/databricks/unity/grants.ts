import { z } from 'zod';
import { ok } from '../../steering/answers';
import { type CallerRequest, count, type Operation, readBody, readQuery } from '../operation';
import { invalidValue, permissionDenied } from '../problems';
import type { Store } from '../store';
import {
  canSee,
  changeGrants,
  demandManagement,
  demandUse,
  manages,
  type Securable,
  type SecurableKind,
  securableNamed,
  titleOf,
} from './privileges';

const Changes = z.strictObject({
  changes: z
    .array(
      z.strictObject({
        principal: z.string().min(1),
        add: z.array(z.string()).default([]),
        remove: z.array(z.string()).default([]),
      }),
    )
    .default([]),
});

const Query = z.strictObject({
  principal: z.string().optional(),
  max_results: count(150).optional(),
  page_token: z.string().optional(),
});

const KINDS: Record<string, SecurableKind> = {
  catalog: 'catalog',
  schema: 'schema',
  table: 'table',
};

const securableOf = (store: Store, { params }: CallerRequest): Securable => {
  const { kind = '', name = '' } = params;
  const known = KINDS[kind.toLowerCase()];
  if (!known) throw invalidValue(`SecurableType ${kind} is not one of CATALOG, SCHEMA, TABLE.`);
  return securableNamed(store, known, name.split('.'));
};

const assignments = (on: Securable, isShown: (principal: string) => boolean) =>
  [...on.grants]
    .filter(([principal]) => isShown(principal))
    .map(([principal, privileges]) => ({ principal, privileges: [...privileges].sort() }));

interface Effective {
  privilege: string;
  inherited_from_type?: string;
  inherited_from_name?: string;
}

const inherited = (on: Securable, from: Securable) =>
  on === from
    ? {}
    : { inherited_from_type: from.kind.toUpperCase(), inherited_from_name: from.fullName };

const effective = (on: Securable) => {
  const found = new Map<string, Effective[]>();
  for (let from: Securable | undefined = on; from; from = from.parent)
    for (const { principal, privileges } of assignments(from, () => true)) {
      const shown = privileges.map((privilege) => ({ privilege, ...inherited(on, from) }));
      found.set(principal, [...(found.get(principal) ?? []), ...shown]);
    }
  return found;
};

/** Who manages it sees all grants, anybody else who sees it his own. */
const viewer = (store: Store, request: CallerRequest, on: Securable) => {
  const { caller, query } = request;
  if (on.parent) demandUse(store, caller, on.parent);
  const managing = manages(store, caller, on);
  if (!managing && !canSee(store, caller, on))
    throw permissionDenied(`User does not have USE on ${titleOf(on)}.`);
  const { principal: asked } = readQuery(Query, query);
  return (name: string) =>
    (managing || name === caller.name) && (asked === undefined || asked === name);
};

/** Unity Catalog's permissions: PATCH takes a difference, and does all of it or nothing. */
export const grantOperations = (store: Store): Operation[] => [
  {
    id: 'getGrants',
    method: 'get',
    paths: ['/api/2.1/unity-catalog/permissions/:kind/:name'],
    run: (request) => {
      const on = securableOf(store, request);
      return ok({ privilege_assignments: assignments(on, viewer(store, request, on)) });
    },
  },
  {
    id: 'updateGrants',
    method: 'patch',
    paths: ['/api/2.1/unity-catalog/permissions/:kind/:name'],
    run: (request) => {
      const { changes } = readBody(Changes, request.body);
      const on = securableOf(store, request);
      demandManagement(store, request.caller, on);
      changeGrants(store, on, changes);
      return ok({ privilege_assignments: assignments(on, () => true) });
    },
  },
  {
    id: 'getEffectiveGrants',
    method: 'get',
    paths: ['/api/2.1/unity-catalog/effective-permissions/:kind/:name'],
    run: (request) => {
      const on = securableOf(store, request);
      const isShown = viewer(store, request, on);
      return ok({
        privilege_assignments: [...effective(on)]
          .filter(([principal]) => isShown(principal))
          .map(([principal, privileges]) => ({ principal, privileges })),
      });
    },
  },
];
