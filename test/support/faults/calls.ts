import { nameIn } from '../airbyte-operations';
import type { Api } from '../airbyte-operations';
import type { Access } from './kinds';
import type { Fault } from '../harness';

/* The calls each operation makes: the lines of the fault matrix. */

export type EntityKind = 'source' | 'destination' | 'connection';

export const OPERATIONS = [
  'first provision',
  'update',
  'unprovision',
  'unprovision with removeData',
] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface Call {
  operation: Operation;
  /** Its name in the public API. */
  name: string;
  /** When the operation makes it more than once: which of them. */
  which: string;
  access: Access;
  /** The step it belongs to: look and make, then for a failed run undo; clear data and remove. */
  step: 'look' | 'make' | 'undo' | 'clear' | 'remove';
  /** Whose undoing or removal it belongs to. */
  of: EntityKind;
  /** Another call that must have been made before this one is meant. */
  after?: string;
  /** What brings the run to this call. */
  brought?: Fault[];
  /** Airbyte accepts the worker's token no more, however often it is tried. */
  tokenRevoked?: true;
  /** The request tells the ids a former run reported. */
  byIds?: true;
  /** Somebody paused the connection in Airbyte's user interface. */
  paused?: true;
}

const accessOf = (name: string): Access => {
  if (name.startsWith('delete')) return 'delete';
  return /^(list|get|createAccessToken)/.test(name) ? 'read' : 'write';
};

const entityOf = (name: string): EntityKind => {
  if (name.includes('Connection')) return 'connection';
  return name.includes('Destination') ? 'destination' : 'source';
};

const calls =
  (operation: Operation) =>
  (step: Call['step'], names: string[], more: Partial<Call> = {}): Call[] =>
    names.map((name) => ({
      operation,
      name,
      which: '',
      access: accessOf(name),
      step,
      of: entityOf(name),
      ...more,
    }));

/** A worker asks for a token when the one it has is refused. */
const TOKEN = ['createAccessToken'];
const tokenRefused = { tokenRevoked: true } as const;
const LISTS = ['listSources', 'listDestinations', 'listConnections'];
const BY_IDS = ['getSource', 'getDestination', 'getConnection'];
const byIds = { byIds: true, which: 'by id' } as const;

const whenLost = (operation: string) => ({
  which: 'after a lost creation',
  after: operation,
  brought: [{ operation, reset: 'after' }],
});

/** The step that fails last has been done all the same, so that there is everything to undo. */
const undoing = (operation: string) => ({
  which: 'to undo',
  after: operation,
  brought: [{ operation, status: 422, commit: true }],
});

const firstProvision = calls('first provision');
const undone = undoing('createConnection');
const update = calls('update');
const restored = undoing('patchConnection');

/**
 * The Config API wants a connection's streams with all that the source says of them; and which
 * source a connection has only who has read it knows.
 */
const forCatalog = { which: 'for the catalog', of: 'connection', after: 'getConnection' } as const;

/** A step that changes what is there looks whether it is as the run has seen it. */
const asSeen = { which: 'is it as seen?' } as const;

const gone = (name: string) => ({ which: 'is it gone?', after: name });

const removals = (operation: Operation) => {
  const removal = calls(operation);
  return [
    ...removal('remove', ['deleteConnection', 'deleteSource', 'deleteDestination']),
    ...removal('remove', ['getConnection'], gone('deleteConnection')),
    ...removal('remove', ['getSource'], gone('deleteSource')),
    ...removal('remove', ['getDestination'], gone('deleteDestination')),
  ];
};

const configOnly = (api: Api, rows: Call[]) => (api === 'config' ? rows : []);

/** The calls, in the order of a run; those of the Config API are a few more. */
export const callsOf = (api: Api): Call[] => [
  ...firstProvision('look', TOKEN, tokenRefused),
  ...firstProvision('look', LISTS),
  ...firstProvision('make', ['createSource', 'createDestination']),
  ...firstProvision('make', ['getStreamProperties']),
  ...firstProvision('make', ['createConnection']),
  ...firstProvision('make', ['listSources'], whenLost('createSource')),
  ...firstProvision('make', ['listDestinations'], whenLost('createDestination')),
  ...firstProvision('make', ['listConnections'], whenLost('createConnection')),
  ...firstProvision('undo', ['listSources'], {
    ...undone,
    which: 'to undo the connection',
    of: 'connection',
  }),
  ...firstProvision('undo', ['listConnections', 'deleteConnection'], undone),
  ...firstProvision('undo', ['getConnection'], { ...undone, ...gone('deleteConnection') }),
  ...firstProvision('undo', ['listDestinations', 'deleteDestination'], undone),
  ...firstProvision('undo', ['getDestination'], { ...undone, ...gone('deleteDestination') }),
  ...firstProvision('undo', ['listSources'], {
    ...undone,
    which: 'to undo the source',
    after: 'deleteDestination',
  }),
  ...firstProvision('undo', ['deleteSource'], undone),
  ...firstProvision('undo', ['getSource'], { ...undone, ...gone('deleteSource') }),

  ...update('look', TOKEN, tokenRefused),
  ...update('look', LISTS),
  ...update('look', BY_IDS, byIds),
  ...update('make', ['getSource', 'getDestination'], asSeen),
  ...update('make', ['putSource', 'putDestination', 'getStreamProperties']),
  ...update('make', ['getConnection'], { ...asSeen, after: 'getStreamProperties' }),
  ...configOnly(api, update('make', ['getConnection'], forCatalog)),
  ...update('make', ['patchConnection']),
  ...update('undo', BY_IDS, restored),
  ...update('undo', ['patchConnection', 'putDestination', 'putSource'], restored),

  ...calls('unprovision')('look', TOKEN, tokenRefused),
  ...calls('unprovision')('look', LISTS),
  ...calls('unprovision')('look', BY_IDS, byIds),
  ...removals('unprovision'),

  ...calls('unprovision with removeData')('look', TOKEN, tokenRefused),
  ...calls('unprovision with removeData')('look', LISTS),
  ...calls('unprovision with removeData')('clear', ['patchConnection'], {
    which: 'of a paused connection',
    paused: true,
  }),
  ...calls('unprovision with removeData')('clear', ['listJobs', 'createJob', 'getJob']),
  ...removals('unprovision with removeData'),
];

/** The call as the API names it. */
export const labelOf = (api: Api, { name, which }: Call) =>
  which ? `${nameIn(api, name)}, ${which}` : nameIn(api, name);
