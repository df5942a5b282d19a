import type { Place } from '../../../connectors/snowflake-place';
import { closingTagOf, domainTagOf, tagOf } from '../../tags';
import { identifierIn, readRoleOf } from '../sql/names';
import type { SnowflakeSettings } from '../settings';

/** The schema of its own that Airbyte makes in each database unless it is told another (destination-snowflake). */
export const INTERNAL = 'AIRBYTE_INTERNAL';

/** Airbyte's is nobody's, whoever has marked it: others have raw tables in it. */
export const isOwnSchema = ({ name, comment }: { name: string; comment: string }, tag: string) =>
  comment === tag && name !== INTERNAL;

/** A component as Snowflake knows it. */
export interface Component {
  key: string;
  place: Place;
  tag: string;
  domainTag: string;
  /** Of a database of the domain that is being removed. */
  closingTag: string;
  readRole: string;
  /** Whom Airbyte writes as. */
  airbyteRole: string;
  /** Who owns what is made. */
  manager: string;
  /** Who managed the fabric before. */
  formerManagers: readonly string[];
  /** The schema of its own that Airbyte makes, for what it does before data is where it belongs. */
  internal: string;
  manages: { database: boolean; schema: boolean; access: boolean };
}

export const componentOf = (
  { role, manage }: SnowflakeSettings,
  { key, place, internal }: { key: string; place: Place; internal: string },
): Component => ({
  key,
  place,
  tag: tagOf(key),
  domainTag: domainTagOf(key),
  closingTag: closingTagOf(key),
  readRole: readRoleOf(key),
  airbyteRole: identifierIn(role),
  manager: identifierIn(manage.by?.role ?? role),
  formerManagers: manage.formerRoles.map(identifierIn),
  internal,
  manages: manage,
});
