/*
 * An Airbyte workspace as the activities see it, whichever of Airbyte's two APIs it is reached
 * through. Field names and values are the public API's.
 */

export type Kind = 'source' | 'destination';

/** A source or a destination: Airbyte calls both actors. */
export interface Actor {
  id: string;
  name: string;
  definitionId: string;
  workspaceId: string;
  /** Secrets read back as ten asterisks; null once the actor is deleted (deletes are soft). */
  configuration: Record<string, unknown> | null;
  /** Seconds since 1970. */
  createdAt?: number | undefined;
  odd?: Odd;
}

/**
 * The fields that a list shows in another form than expected, and which are empty here. What has any
 * is never written or deleted; asked for by its id it is refused.
 */
type Odd = string | undefined;

/** StreamConfiguration; newer versions of Airbyte add fields, which are kept. */
export interface StreamRead {
  [field: string]: unknown;
  name: string;
  namespace?: string | undefined;
  syncMode?: string | undefined;
  cursorField?: string[] | undefined;
  primaryKey?: string[][] | undefined;
  selectedFields?: { fieldPath: string[] }[] | undefined;
  mappers?: unknown[] | undefined;
  destinationObjectName?: string | undefined;
  includeFiles?: boolean | undefined;
}

/** A word that connections of a workspace are sorted by. */
export interface Tag {
  tagId: string;
  workspaceId: string;
  name: string;
  /** Six hex digits. */
  color: string;
}

export interface Schedule {
  scheduleType: string;
  /** Quartz; read with its time zone at the end, which is left out when it is UTC in what is written. */
  cronExpression?: string | undefined;
  /** Of the Config API, which alone tells and takes it: `ConnectionScheduleData.basicSchedule`. */
  basicSchedule?: { timeUnit: string; units: number } | undefined;
}

/** ConnectionResponse; enums are open, as newer versions add to them. */
export interface ConnectionRead {
  id: string;
  name: string;
  sourceId: string;
  destinationId: string;
  status: string;
  /** In the form "0 0 6 * * ? UTC" where it is `cron`. */
  schedule: Schedule;
  configurations: { streams: StreamRead[] };
  prefix?: string | undefined;
  namespaceDefinition?: string | undefined;
  namespaceFormat?: string | undefined;
  nonBreakingSchemaUpdatesBehavior?: string | undefined;
  /** Absent where an old Airbyte has none. */
  tags?: Tag[] | undefined;
  odd?: Odd;
}

/** ConnectionPatch, and the part of ConnectionCreate it shares. */
export interface ConnectionWrite {
  name: string;
  status: string;
  schedule?: Schedule;
  prefix: string;
  namespaceDefinition?: string | undefined;
  namespaceFormat?: string | undefined;
  nonBreakingSchemaUpdatesBehavior?: string | undefined;
  /** All of them; absent: they stay. */
  tags?: Tag[] | undefined;
  configurations: { streams: (Pick<StreamRead, 'name'> & Partial<StreamRead>)[] };
}

/** StreamProperties: what a source offers. */
export interface SourceStream {
  name: string;
  namespace?: string | undefined;
  /** As the destination allows them. */
  syncModes?: string[] | undefined;
  defaultCursorField?: string[] | undefined;
  sourceDefinedCursorField?: boolean | undefined;
  sourceDefinedPrimaryKey?: string[][] | undefined;
  /** The paths of all fields, nested ones too. */
  propertyFields?: string[][] | undefined;
}

export interface Job {
  jobId: number;
  status: string;
  jobType: string;
  /** Why it failed, where the API says so: the public one does not. */
  message?: string | undefined;
}

/** A connector that a workspace may use. */
export interface Definition {
  id: string;
  name: string;
  dockerRepository?: string | undefined;
  dockerImageTag?: string | undefined;
}

/** What came of Airbyte's own attempt to reach what a configuration names. */
interface Check {
  succeeded: boolean;
  /** Why it did not. */
  message?: string | undefined;
}

/** What a list is read for. */
interface Search<Entity> {
  /**
   * Whether all that is wanted is there. As long as it is not, a list of several pages is looked
   * through again, since an entity may slip from page to page unseen.
   */
  until?: (found: Entity[]) => boolean;
}

/**
 * Every method throws an AirbyteError when Airbyte does not do what it is asked, and a Refusal where it
 * must not be asked, or its answer not be acted upon: an entity of an odd form, a list without an end,
 * a secret that cannot be had.
 */
export interface Airbyte {
  readonly workspaceId: string;

  /** Undefined when there is no such workspace. */
  getWorkspace(): Promise<{ id: string; name: string } | undefined>;
  listDefinitions(kind: Kind): Promise<Definition[]>;
  /** The JSON Schema of a connector's configuration; undefined where this Airbyte serves none. */
  specificationOf(kind: Kind, definitionId: string): Promise<Record<string, unknown> | undefined>;
  /** Undefined where the API has no check: the public one. */
  check(
    kind: Kind,
    what: Pick<Actor, 'definitionId' | 'configuration'>,
  ): Promise<Check | undefined>;

  /** Each once. Where Airbyte can tell, only those whose name has `named` in it; else all. */
  listActors(kind: Kind, search?: Search<Actor> & { named?: string }): Promise<Actor[]>;
  /**
   * Undefined when it never was, is deleted, or is another workspace's; but of another workspace's
   * Airbyte answers 403, an AirbyteError, to a caller who does not administer the instance.
   */
  getActor(kind: Kind, id: string): Promise<Actor | undefined>;
  createActor(
    kind: Kind,
    actor: Pick<Actor, 'name' | 'definitionId' | 'configuration'>,
  ): Promise<Actor>;
  /** Replaces the configuration; a secret given as ten asterisks stays as it is stored. */
  updateActor(kind: Kind, id: string, actor: Pick<Actor, 'name' | 'configuration'>): Promise<Actor>;
  /** Takes the actor's connections with it. Absent is success. */
  deleteActor(kind: Kind, id: string): Promise<unknown>;

  /** Each once. */
  listConnections(search?: Search<ConnectionRead>): Promise<ConnectionRead[]>;
  /** Undefined when it never was or is deleted; of another workspace's as above. */
  getConnection(id: string): Promise<ConnectionRead | undefined>;
  /** Slow where Airbyte has no schema of the source cached: it then discovers one first. */
  createConnection(
    connection: ConnectionWrite & { sourceId: string; destinationId: string },
  ): Promise<ConnectionRead>;
  /** Streams, where given, replace the whole set. */
  patchConnection(id: string, connection: Partial<ConnectionWrite>): Promise<ConnectionRead>;
  /** Absent is success. */
  deleteConnection(id: string): Promise<unknown>;

  /** Those of the workspace. */
  listTags(): Promise<Tag[]>;
  /** Refused with 409 where the workspace has one of this name. */
  createTag(tag: Pick<Tag, 'name' | 'color'>): Promise<Tag>;
  /** Takes it from the connections too. Absent is success. */
  deleteTag(id: string): Promise<unknown>;

  /** The streams of a source, from Airbyte's cache unless told otherwise. */
  discover(query: {
    sourceId: string;
    destinationId: string;
    ignoreCache?: boolean;
  }): Promise<SourceStream[]>;

  /** `clear` removes a connection's data from its destination. */
  startJob(connectionId: string, jobType: 'clear' | 'sync'): Promise<Job>;
  getJob(id: number): Promise<Job>;
  /** Newest first. */
  listJobs(connectionId: string): Promise<Job[]>;
}
