import type { Account, Database, Schema, Securable } from './account';

const shownGrants = ({ grants }: Pick<Securable, 'grants'>) =>
  grants.map(({ privilege, role, grantedBy }) => ({ privilege, role, grantedBy }));

const shownSchema = (schema: Schema) => ({
  name: schema.name,
  owner: schema.owner,
  comment: schema.comment,
  managedAccess: schema.isManaged,
  grants: shownGrants(schema),
  futureGrants: schema.futures.map(({ privilege, on, role }) => ({ privilege, on, role })),
  objects: [...schema.objects.values()].map((object) => ({
    name: object.name,
    kind: object.kind,
    owner: object.owner,
    rows: object.rows.length,
    grants: shownGrants(object),
  })),
  ...(schema.droppedOn !== null && { dropped: true }),
});

const isSystem = ({ owner }: { owner: string }) => owner === '';

/** Without what every account and database has by itself. */
export const showEntities = (account: Account, { dropped }: { dropped: boolean }) => {
  const shownDatabase = (database: Database) => ({
    name: database.name,
    owner: database.owner,
    comment: database.comment,
    grants: shownGrants(database),
    schemas: [...database.schemas.values(), ...(dropped ? database.dropped : [])]
      .filter((schema) => !isSystem(schema) && schema.name !== 'PUBLIC')
      .map(shownSchema),
    ...(database.droppedOn !== null && { dropped: true }),
  });
  return {
    databases: [...account.databases.values(), ...(dropped ? account.dropped : [])].map(
      shownDatabase,
    ),
    roles: [...account.roles.values()]
      .filter((role) => !isSystem(role))
      .map(({ name, owner, comment }) => ({ name, owner, comment })),
    members: account.memberships
      .filter(({ grantedBy }) => grantedBy !== '')
      .map(({ role, to, name, grantedBy }) => ({ role, to, name, grantedBy })),
    grants: account.grants
      .filter(({ grantedBy }) => grantedBy !== '')
      .map(({ privilege, role, grantedBy }) => ({ privilege, role, grantedBy })),
    users: [...account.users.values()].map(({ name, defaultRole }) => ({ name, defaultRole })),
    warehouses: [...account.warehouses.values()].map((warehouse) => ({
      name: warehouse.name,
      state: warehouse.state,
      autoResume: warehouse.autoResume,
      grants: shownGrants(warehouse),
    })),
  };
};
