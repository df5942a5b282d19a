import {
  dropTable,
  grantOnDatabase,
  letGrantUsage,
  grantOnWarehouse,
  handingOver,
  resumeByItself,
  resumeWarehouse,
} from '../../src/fabrics/snowflake/sql/administration';
import { CONTENTS, LOOKS, changesBy } from '../../src/fabrics/snowflake/sql/statements';
import type { Statement } from '../../src/fabrics/snowflake/sql/statements';

/* Every text that the Snowflake fabric sends, or tells people to run: for a grammar that is not ours. */

/** All of such names. */
export const everyText = ({ name, other }: { name: string; other: string }): string[] => {
  const by = changesBy(other);
  const place = { kind: 'SCHEMA', parts: [name, other], to: name } as const;
  const database = { kind: 'DATABASE', parts: [name], to: other } as const;
  const select = (['ALL', 'FUTURE'] as const).flatMap((extent) =>
    (['TABLES', 'VIEWS'] as const).flatMap((kind) => [
      by.grantSelect(extent, { kind, parts: [name, other], to: name }),
      by.revokeSelect(extent, { kind, parts: [name, other], to: name }),
    ]),
  );
  const all: Statement[] = [
    LOOKS.whoWeAre(),
    LOOKS.warehouses(name),
    LOOKS.databases(name),
    LOOKS.databaseHistory(name),
    LOOKS.schema(name, other),
    LOOKS.schemas(name),
    LOOKS.schemas(name, other),
    LOOKS.schemaHistory(name, other),
    ...CONTENTS.map((contents) => LOOKS.contents(contents, [name, other])),
    LOOKS.objectsFrom(name, [other, name]),
    LOOKS.role(name),
    LOOKS.roles(),
    LOOKS.readRoles(),
    LOOKS.readRoles(other),
    LOOKS.user(name),
    LOOKS.users(),
    LOOKS.members(name),
    LOOKS.grantsTo(name),
    LOOKS.grantsOn('WAREHOUSE', [name]),
    LOOKS.grantsOn('DATABASE', [name]),
    LOOKS.grantsOn('SCHEMA', [name, other]),
    LOOKS.grantsOnAccount(),
    LOOKS.futureGrants(name, other),
    by.createDatabase(name, other),
    by.createSchema([name, other], name),
    by.createRole(name, other),
    by.commentOnDatabase(name, other),
    by.dropSchema(name, other),
    by.dropDatabase(name),
    by.dropRole(name),
    by.undropSchema(name, other),
    by.undropDatabase(name),
    by.grant(['USAGE', 'CREATE SCHEMA'], database),
    by.revoke(['USAGE', 'CREATE SCHEMA'], database),
    by.grant(['USAGE', 'CREATE TABLE', 'CREATE STAGE', 'CREATE FILE FORMAT'], place),
    by.revoke(['USAGE', 'CREATE TABLE', 'CREATE STAGE', 'CREATE FILE FORMAT'], place),
    ...select,
    by.grantRole(name, 'USER', other),
    by.grantRole(name, 'ROLE', other),
    by.revokeRole(name, 'USER', other),
    by.revokeRole(name, 'ROLE', other),
  ];
  const told = (['DATABASE', 'SCHEMA', 'ROLE'] as const).flatMap((kind) =>
    handingOver(kind, kind === 'SCHEMA' ? [name, other] : [name], { comment: other, to: other }),
  );
  const administering = [
    grantOnWarehouse('USAGE, OPERATE', name, other),
    grantOnDatabase('CREATE SCHEMA', name, other),
    letGrantUsage(name, other),
    dropTable([name, other, name]),
    resumeWarehouse(name),
    resumeByItself(name),
  ];
  return [...all.flatMap(({ text, needs = [] }) => [text, ...needs]), ...told, ...administering];
};
