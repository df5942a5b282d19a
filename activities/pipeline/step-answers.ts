/* What the steps of a run tell it of entities in Airbyte: what they have found, and what they have put there. */

import type { Actor } from '../../src/airbyte/workspace';
import type { ConnectionRead } from '../../src/airbyte/workspace';
import type { FabricFound, InAnothers } from '../fabric/found';
import type { OutOfReach } from '../fabric/left';
import type { Written, Place } from '../former/secrets';
import type { Snapshot } from '../former/snapshot';
import type { StreamSummary, DiscoveredStream } from './discovery';

/** What a run is told of an entity that it has found in Airbyte. */
interface Seen<Entity> {
  id: string;
  name: string;
  /** By the run's plan: it has nothing to change there. */
  isAsWanted?: true;
  /** Of one that the run will change: what can be read of it, to notice if somebody else changes it. */
  digest?: string;
  /** Of one that is as wanted: its page in Airbyte's user interface, where the run asked to go on lean. */
  href?: string;
  /** Of one that the run will change too: as it is, for an undo. */
  former?: Snapshot<Entity>;
}

export interface SeenActor extends Seen<Actor> {
  /** What the update will leave, as far as it can be told before. */
  leaves?: Written;
}

/** With what a clear changes of it. */
export type SeenConnection = Seen<ConnectionRead> & Pick<ConnectionRead, 'status' | 'schedule'>;

/** What a step that writes is told of what the look has seen. */
export type SeenBefore = Pick<Seen<never>, 'id' | 'name' | 'isAsWanted' | 'digest'>;

interface Circumstances {
  workspaceId: string;
  /** These are a pipeline of somebody else's, which the component takes over. */
  isForeign?: boolean;
  /** For the log of the run. */
  warnings?: string[];
  /** Tags that the run will make. */
  lackingTags?: string[];
}

/** What of a component exists in Airbyte, as a run is told it; entities are whole of an older worker. */
export interface Found extends Circumstances {
  /**
   * The run goes on lean: without a step for what is as wanted, nor a change of its memo for each. In
   * the answer, so that its history says so without the marker that a patch costs.
   */
  lean?: true;
  source?: SeenActor | Actor;
  destination?: SeenActor | Actor;
  connection?: SeenConnection | ConnectionRead;
  /** Somebody else's connection, whose place the component's own takes. */
  replaces?: Pick<ConnectionRead, 'id' | 'name' | 'status'>;
  /** The fabric was looked at, too, as it was asked: not by an older worker. */
  prepares?: true;
  /** What there is in the fabric that it writes to, and what is missing; absent where nothing of it is managed. */
  fabric?: FabricFound;
  /** Where it writes to, and a former run has put its data, though nothing of it is managed by now. */
  unmanaged?: Pick<FabricFound, 'place'>;
  /** Of a run that removes it: the same of all fabrics in which it may have anything. */
  fabrics?: FabricFound[];
  /** And where it has been, and nothing can be looked at or removed any more. */
  unreached?: OutOfReach[];
  /** And what is in a schema that is another component's by now. */
  inAnothers?: InAnothers;
  /** The source's streams, where they could be looked up before anything is written. */
  streams?: StreamSummary | DiscoveredStream[];
}

/** All of it; configurations are masked, as older workers' runs have them in their histories. */
export interface WholeFound extends Circumstances {
  source?: Actor;
  destination?: Actor;
  connection?: ConnectionRead;
  replaces?: ConnectionRead;
}

/** An entity that now is as wanted, and what that took. */
export interface Put {
  id: string;
  name: string;
  /** Its page in Airbyte's user interface. */
  href: string;
  action: 'created' | 'updated' | 'unchanged';
  /** Its stored secrets are yet to become those of the descriptor. */
  isUnsealed?: boolean;
  /** Of an update by an older worker: where the secret that was there before is stored still. */
  kept?: Place[];
}

/** A connection that now is as wanted, and the streams of its source. */
export interface Connected extends Put {
  streams: StreamSummary;
}
