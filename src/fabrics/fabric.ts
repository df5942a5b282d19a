import type { Logger } from 'pino';
import type { z } from 'zod';
import type { CallInterest } from '../concurrency/call-interest';
import type { Secret } from '../reading/values';
import type { Redactor } from '../secrets/masking';
import type { ObserveCall } from './http';

/*
 * What a fabric is to everybody else: a place that has something of a component, and five verbs. Each verb
 * looks first and acts on the difference, so that it may be repeated; what it changed can be taken back by
 * its undo, which does that and no more. Nothing outside a type's folder asks which type it is.
 */

/** Where a pipeline writes to, as its descriptor wants it, or as far as it leads to its data. */
export interface Destination {
  connector: string;
  configuration: Record<string, unknown>;
  /** The name of the fabric it writes to, where it names one. */
  fabric?: string | undefined;
  /** Where that fabric was when a run put the data there; absent: where its settings say now. */
  where?: Whereabouts | undefined;
}

/** What of a fabric's settings leads to the data in it, by the names of its keys: `account`, `catalog`. */
export type Whereabouts = Record<string, string>;

/** The path in the descriptor, from `specific` on, of a field of a destination's configuration. */
export const pathOf = (field: string) => `specific.destination.connectionConfiguration.${field}`;

/** For whom a verb works, and what makes a write the same when it is sent again. */
export interface Step {
  interest: CallInterest;
  /** The same for each attempt at one step of one run, and for no other step of any. */
  id: string;
  /**
   * Milliseconds after an answer that did not come, when an undo looks what came of it: a change that is
   * still under way then must not be done any more. Absent where nothing is undone.
   */
  settleTime?: number;
  /**
   * The same for looks at one fabric that may share lists: each is asked for once, and all see the same.
   * Absent where a step looks once, or after a change.
   */
  sharing?: object;
}

/** Something that a component has in a fabric, or is to have. */
export interface Thing {
  /** The same in each look, and in later versions: it goes into the histories of runs. */
  id: string;
  kind: 'database' | 'schema' | 'role' | 'grant';
  /** As people know it: `the schema FINANCE.CASHFLOW_0`. */
  what: string;
  /** The name in that: `FINANCE.CASHFLOW_0`. Grants have none, and histories of older runs none of anything. */
  name?: string;
  /** Whether data goes with it. */
  hasData?: true;
  /** Of what is missing: it may be there all the same, as the fabric does not tell. */
  mayBeThere?: true;
  /** Of a role that is about to be taken away: who has it, for an undo. Absent where that are too many. */
  had?: Readers;
  /** Of what readers have, the same by each schema where it is taken: somebody may have lost one of them before. */
  hadIn?: ReadersIn[];
  /** Of such a role: when it was made, which tells it from one that was made anew. Milliseconds since 1970. */
  madeAt?: number;
}

/** Something that is in the way: another's, or nobody knows whose. Never altered, dropped or taken over. */
export interface Foreign {
  kind: Exclude<Thing['kind'], 'grant'>;
  /** As people know it: `FINANCE.CASHFLOW_0`. */
  name: string;
  /** A sentence, and what to do about it. */
  problem: string;
  solution: string;
  /** The path in the descriptor, from `specific` on, that leads to it. */
  at?: string;
  /** A schema that bears the tag of another component by now: no data in it is this one's to take away. */
  isAnothers?: true;
  /** Of such a schema, where a run has put data there: who may read it by a grant that was made here. */
  readers?: Left;
  /**
   * It may be the component's all the same, as its tag may be lost, or it cannot be seen: how it is found again,
   * a sentence. Absent: it is another's.
   */
  reclaim?: string;
}

/** Something that carries the tag of a component, whichever that is. */
export interface Tagged {
  /** The component's key, as the tag says; of what is shared the environment and the domain. */
  key: string;
  thing: Thing;
  /** All components of a domain share it, and none has anything in it. */
  isShared?: true;
  /** When it was made: milliseconds since 1970; absent where the fabric does not tell. */
  madeAt?: number;
}

/** What carries tags, and what of it could not be listed: `the account has more roles than are listed`. */
export interface Bearers {
  tagged: Tagged[];
  untold?: string;
}

/** A fact about where a component's data is, for people. */
export interface Shown {
  label: string;
  value: string;
  /** A page of the warehouse. */
  href?: string;
}

/** What a look finds of one component. */
export interface Seen {
  /** What `prepare` has to make, in the order of making. Empty: all is as wanted. */
  missing: Thing[];
  /** What is there and the component's, in the order in which `cleanup` takes it away. */
  present: Thing[];
  foreign: Foreign[];
  /** By a key that stays the same: `schema`, `role`. */
  shown: Record<string, Shown>;
  warnings: string[];
  /** What was granted to people by us and is not there any more; told by a look that shares its lists only. */
  lost?: Thing[];
  /** What a removal leaves because others have granted it. */
  staying?: Left[];
}

/** What stays of what was to go, or to be undone: there is data in it by now, or others use it. */
export interface Left {
  /** `the schema FINANCE.CASHFLOW_0 (it has 2 tables by now)` */
  what: string;
  remedy: string;
}

/** What an undo has done: the ids of the things that it had to do something about. */
export interface Undone {
  changed: string[];
  left: Left[];
  /** Who has access again that the removal took: principals, as the fabric names them. Absent: nobody. */
  givenBack?: string[];
}

/** What a removal has come to. What others need by now, and have, is neither. */
export interface Removed {
  /** Of the things that were to go, those that are not there any more: their ids. */
  removed: string[];
  left: Left[];
}

/** Whether a fabric can do what it would have to. */
export interface Check {
  /** The same in each check: `connection`, `warehouse`, `create schema`. */
  name: string;
  /** `impossible`: it cannot be told, as something before it failed or may not be looked at. */
  outcome: 'passed' | 'failed' | 'impossible';
  /** A sentence: what was found. */
  message: string;
  /** Where it has not passed: what to do about it. */
  solution?: string;
  /** It has not passed, and may when it is asked again. */
  mayPass?: true;
  /** The path in the descriptor, from `specific` on, where that decides; absent: the destination's. */
  at?: string;
}

/** Who of those that a request names is whom to the fabric. */
export interface Principals {
  /** By their refs, such as `user:jane.doe_example.com`: as the fabric names them. */
  known: Record<string, string>;
  /** By their refs: why they are nobody. */
  unknown: Record<string, string>;
}

/** Who may read one schema by grants of ours: principals, as the fabric names them. */
export interface ReadersIn {
  schema: string;
  ours: string[];
}

/** Who may read a component's data through what is its own. */
export interface Readers {
  /** Principals, as the fabric names them, that were granted by us. */
  ours: string[];
  /** Others, who keep what they have. */
  others: string[];
  /** What cannot be told of whose they are: sentences. */
  warnings?: string[];
}

/** What changing the readers did: principals, as the fabric names them. */
export interface ReadersChanged {
  granted: string[];
  revoked: string[];
}

/** What a command for a cluster is written in. */
export const LANGUAGES = ['sql', 'python', 'scala', 'r'] as const;
export type Language = (typeof LANGUAGES)[number];

/** What is run where, and how much of its result is wanted. */
export interface RunOptions {
  step: Step;
  /** At most so many rows. */
  maxRows: number;
  /** Of a command for the fabric's cluster; absent: it is a statement for its warehouse. */
  language?: Language | undefined;
}

/** Rows of a statement or command; never stored. */
export interface Table {
  columns: string[];
  rows: (string | null)[][];
  /** Whether there are more. */
  isCut: boolean;
  /** What running it has left, in a sentence. */
  left?: string | undefined;
}

/**
 * Who may read at one place where a component's data was, of those that are ours. Where nothing of the
 * component's is there (any more), there is nobody, and nothing is done.
 */
export interface FormerReaders {
  readers: (step: Step) => Promise<string[]>;
  /**
   * Whom these refs stand for there, be it that he can be granted nothing now. Who does not exist is left out;
   * throws a Refusal where somebody may be there whom the fabric does not show.
   */
  namesOf: (refs: readonly string[], step: Step) => Promise<string[]>;
  /** These read there no more; nobody gains anything. */
  revoke: (principals: readonly string[], step: Step) => Promise<void>;
  /** The reverse. */
  giveBack: (principals: readonly string[], step: Step) => Promise<void>;
}

/** Where else a component's data is, as its tags tell, and people read it by grants of ours. */
export interface FormerEnds {
  /** What of a destination's configuration leads to each. */
  configurations: Record<string, unknown>[];
  warnings: string[];
}

/** What a fabric has of one component. Every method throws a CallError where a call fails, and a Refusal. */
export interface ComponentFabric {
  /** As people call its fabric: Snowflake. */
  system: string;
  /** Whether it makes schemas, roles and grants at all, or only lends its credentials to Airbyte. */
  manages: boolean;
  /** Whether it can grant access to the data. */
  managesAccess: boolean;
  /** At most so many may read by grants of ours; absent: the fabric has no bound. */
  mostReaders?: number;
  check: (step: Step) => Promise<Check[]>;
  /** `hasHadData`: a run has put data there, so that what stays is told though nothing of it is there any more. */
  look: (step: Step, known?: { hasHadData: boolean }) => Promise<Seen>;
  /** Makes of these what is not there; the rest of what is missing is another step's. */
  prepare: (missing: readonly Thing[], step: Step) => Promise<void>;
  /** Takes away of these what is there and still as `prepare` makes it. */
  unprepare: (made: readonly Thing[], step: Step) => Promise<Undone>;
  /**
   * These as they are right before `cleanup`, while no other run changes who has access: with what was
   * granted since they were seen, and with who has a role that is to go, whom its undo gives it back to. Whom
   * somebody has taken it from by then has not lost it by the removal.
   */
  beforeCleanup: (present: readonly Thing[], step: Step) => Promise<Thing[]>;
  /** Takes these away, as far as they are there and the component's; the rest is told. */
  cleanup: (present: readonly Thing[], step: Step) => Promise<Removed>;
  /** Brings these back, as far as the fabric can. */
  restore: (taken: readonly Thing[], step: Step) => Promise<Undone>;
  /** Maps refs to principals, and looks whether they exist. */
  principalsOf: (refs: readonly string[], step: Step) => Promise<Principals>;
  /** Of this one place, as far as places of the component have readers of their own. */
  readers: (step: Step) => Promise<Readers>;
  /** Has exactly these read there, of those that are ours. Others keep what they have. */
  grant: (principals: readonly string[], step: Step) => Promise<ReadersChanged>;
  /** Absent: who reads one place reads all that the fabric has of the component. */
  formerEnds?: (step: Step) => Promise<FormerEnds>;
  /** The same where two places have the same readers, and for no others. */
  readersAt: () => string;
  /** Of this one place: for one where the component's data was, and is no more. */
  ofFormer: FormerReaders;
}

/** A fabric, whoever uses it. */
export interface Fabric {
  name: string;
  /** As people call it: Snowflake. */
  system: string;
  where: Whereabouts;
  /** The same where two fabrics call everybody alike: of one type, by one strategy, and where names are an account's, of one. */
  naming: string;
  /** Whether it can be reached, its credentials and rights, its warehouse or cluster. */
  check: (step: Step) => Promise<Check[]>;
  /**
   * A statement, or with a `language`, where the fabric has a cluster, a command in it; followed to its end,
   * and cancelled when nobody waits for it. Throws a Refusal for a language that it does not run.
   */
  run: (text: string, options: RunOptions) => Promise<Table>;
  of: (component: { key: string; end: Destination }) => ComponentFabric;
  /**
   * What carries a tag of any component's, as far as one list tells of each place: the roles, and the schemas
   * where these ends write to, or have; what is shared where none of these is wanted, nor has anything. Absent
   * where a type cannot tell.
   */
  tagged?: (ends: readonly (Destination & { isWanted: boolean })[], step: Step) => Promise<Bearers>;
}

/** What a fabric is opened with. */
export interface Opening {
  name: string;
  /** Looked up anew for each call, so that a rotated one is noticed. Throws a Refusal. */
  secretOf: (secret: Secret) => Promise<string>;
  redactor: Redactor;
  /** Milliseconds that one call may take. */
  requestTimeout: number;
  log: Logger;
  observe?: ObserveCall | undefined;
}

/** A type of fabrics, as whoever has the settings of one uses it. */
export interface FabricVerbs<Settings> {
  /** As the configuration file says it. */
  name: string;
  /** As people call it: Snowflake. */
  system: string;
  /** Airbyte's connectors that write to it. */
  connectors: readonly string[];
  /** The fields of a destination's configuration that lead to where its data is: all that is remembered of it. */
  placedBy: readonly string[];
  /** Whether a descriptor brings an account of its own, so that no fabric is meant. */
  bringsAccount(configuration: Record<string, unknown>): boolean;
  /** The part of Airbyte's configuration that is not the descriptor's. Throws a Refusal. */
  destination(
    settings: Settings,
    given: { secretOf: Opening['secretOf']; configuration: Record<string, unknown> },
  ): Promise<Record<string, unknown>>;
  /** Where one is, for people: a host or a URL, without credentials. */
  addressOf(settings: Settings): string;
  /** What of the settings leads to data: that, too, is remembered of it. */
  whereOf(settings: Settings): Whereabouts;
  /**
   * Settings that lead to where a fabric was, where its credentials may go there: the given ones where that is
   * the same place by another name. Undefined: none.
   */
  leadingTo(settings: Settings, where: Whereabouts): Settings | undefined;
  /**
   * Where a destination in Airbyte writes to, by its configuration as that reads back; undefined: to no fabric
   * of this type. By the settings of the fabric that it is of, their words for the same place.
   */
  whereIn(configuration: Record<string, unknown>, settings?: Settings): Whereabouts | undefined;
  /** The setting that tells other names of the same place. */
  formerNames?: string;
  open(settings: Settings, opening: Opening): Fabric;
}

/** A type of fabrics: all that the rest of the program knows of it. */
export interface FabricType<Schema extends z.ZodType> extends FabricVerbs<z.output<Schema>> {
  /** What the configuration file says of one. */
  settings: Schema;
}
