import { name, namesOf } from '../reading/values';

/** What the configuration file says of a fabric whatever its type: whose it is, and where. */
export const owned = {
  team: name.meta({ description: 'Whose it is' }),
  sharedWith: namesOf(name).default([]).meta({ description: 'Other teams that may write to it' }),
  environments: namesOf(name).min(1).optional().meta({
    description: 'Where it may be used; without it in each environment of the team that uses it',
  }),
};
