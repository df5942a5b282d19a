import type { Tagged, Thing } from '../fabric';
import { keyIn } from '../tags';
import type { Component } from './component';
import type { Schema } from './unity/schemas';

/* What of a component has an id in the histories of runs. */

export const LOADER = 'loader';
export const READERS = 'readers';
/** Of what is missing: whom Airbyte writes as, and what he lacks. */
const LACKING = 'loader:';
const SCHEMA = 'schema:';

export const schemaThing = (catalog: string, name: string): Thing => ({
  id: `${SCHEMA}${name}`,
  kind: 'schema',
  what: `the schema ${catalog}.${name}`,
  name: `${catalog}.${name}`,
  hasData: true,
});

/** The schema that a thing is; undefined: it is none. */
export const nameIn = ({ id }: Thing) =>
  id.startsWith(SCHEMA) ? id.slice(SCHEMA.length) : undefined;

export const loaderThing = ({ catalog, wanted }: Component): Thing => ({
  id: LOADER,
  kind: 'grant',
  what: `the privileges of Airbyte’s user on the schema ${catalog.name}.${wanted}`,
});

export const readersThing = ({ catalog, wanted }: Component): Thing => ({
  id: READERS,
  kind: 'grant',
  what: `the privileges of the people who may read the schema ${catalog.name}.${wanted}`,
});

/** Of one of these people what he does not have any more. */
export const lostThing = (component: Component, { principal, privileges }: Lacked): Thing => ({
  ...readersThing(component),
  what: `${privileges.join(', ')} on the schema ${component.catalog.name}.${component.wanted} for ${principal}`,
});

export interface Lacked {
  principal: string;
  privileges: readonly string[];
}

export const lackingThing = (component: Component, { principal, privileges }: Lacked): Thing => ({
  ...loaderThing(component),
  id: `${LACKING}${privileges.join(',')}:${principal}`,
});

/** Whom it is about, and what he lacked before it was made. */
export const lackedIn = ({ id }: Thing): Lacked | undefined => {
  const [, privileges = '', principal = ''] = /^loader:([A-Z_,]*):(.+)$/su.exec(id) ?? [];
  return principal === '' ? undefined : { principal, privileges: privileges.split(',') };
};

/** What of a catalog's schemas bears the tag of a component, whichever that is. */
export const taggedIn = (schemas: readonly Schema[], catalog: string): Tagged[] =>
  schemas.flatMap(({ name, comment }) => {
    const key = keyIn(comment);
    return key === undefined ? [] : [{ key, thing: schemaThing(catalog, name) }];
  });
