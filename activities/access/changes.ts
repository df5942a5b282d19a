import type { GrantsClient } from './grants-client';
import { granteesOf } from '../../workflows/grantees/shards';
import { createAccessActs } from './acts';
import type { AccessActsDeps } from './acts';
import { withHeld } from './batch';
import type { Batch, Round } from './batch';
import type { PersonId } from './people';
import { attempt } from '../attempt';

interface AccessChangesDeps extends AccessActsDeps {
  grants: GrantsClient;
}

export type AccessChanges = ReturnType<typeof createAccessChanges>;

interface Of {
  taskQueue: string;
  /** The component's key. */
  component: string;
}

/** Changing who may use the workspace, some people at a time. Each is safe to repeat. */
export const createAccessChanges = ({ accessFor, accessPermission, grants }: AccessChangesDeps) => {
  const { giveSome, takeSome, restoreSome } = createAccessActs({ accessFor, accessPermission });

  return {
    /** Whom the component gives access to, and whether an earlier version remembers more of it. */
    recallAccess: ({ taskQueue, component, unmoved }: Recalling) =>
      attempt(async (): Promise<Recalled> => {
        const people = () => grants.people(taskQueue, component);
        if (!(await grants.hasFormer(taskQueue))) return { isMoved: true, people: await people() };
        if (!unmoved) return { isMoved: false, people: [] };
        const { wanted } = await grants.former(taskQueue);
        const all = new Set([...(wanted[component] ?? []), ...(await people())]);
        return { isMoved: false, people: [], unmoved: [...all] };
      }),

    /** Has the people have access, and remembers that the component wants it. */
    giveAccess: ({ people, areNew, ...batch }: Giving): Promise<Round> =>
      withHeld({
        grants,
        batch,
        keys: Object.keys(people),
        wants: true,
        goesOn: false,
        areNew,
        act: (job, some) => giveSome(job, { keys: some, people, run: batch.run }),
      }),

    /** Takes from people what they were granted, unless another component wants it. */
    takeAccess: ({ keys, isForGood, ...batch }: Revocation): Promise<Round> =>
      withHeld({
        grants,
        batch,
        keys,
        wants: false,
        goesOn: isForGood,
        forgotten: (acted) => (isForGood ? acted : []),
        act: (job, some) => takeSome(job, { keys: some, run: batch.run, isForGood }),
      }),

    /** Puts back what this run has changed of the people's access, and only that. */
    restoreAccess: ({ keys, former, ...batch }: Restoring): Promise<Round> =>
      withHeld({
        grants,
        batch,
        keys,
        wants: false,
        goesOn: true,
        forgotten: (acted) => acted.filter((key) => !former.includes(key)),
        act: (job, some) => restoreSome(job, { keys: some, run: batch.run }),
      }),

    /** After a run that ended well: nothing is to be put back, and who has left is forgotten. */
    forgetAccess: ({ shards, left, ...of }: Of & { shards: number[]; left: string[] }) =>
      attempt(async () => {
        for (const shard of shards) await grants.forget(of.taskQueue, shard, of.component);
        if (left.length > 0) await grants.strike(of.taskQueue, of.component, left);
      }),

    /** Of the people those whose access a run has changed, and not put back. */
    changedAccess: ({ keys, ...batch }: Batch & { keys: string[] }) =>
      attempt(async () => {
        const changed = new Set(await grants.changedBy(batch.taskQueue, batch.shard, batch));
        return keys.filter((key) => changed.has(key));
      }),

    /** Moves what the workflow of earlier versions remembers to where it is remembered now. */
    moveAccess: ({ taskQueue }: { taskQueue: string; environment?: string | undefined }) =>
      attempt(async () => {
        if (!(await grants.hasFormer(taskQueue))) return;
        const { wanted, grantees } = await grants.former(taskQueue);
        for (const [shard, some] of granteesOf(grantees)) await grants.add(taskQueue, shard, some);
        for (const [component, keys] of Object.entries(wanted))
          await grants.enlist(taskQueue, component, keys);
        await grants.endFormer(taskQueue);
      }),
  };
};

interface Recalling extends Of {
  /** Whether to tell, too, of whom the workflow of an earlier version knows. */
  unmoved?: true;
}

/** Keys of people. */
interface Recalled {
  isMoved: boolean;
  /** None before all is moved. */
  people: string[];
  /** Before that, those whom both memories know; absent where it was not asked, or by an older worker. */
  unmoved?: string[];
}

interface Giving extends Batch {
  people: Record<string, PersonId>;
  /** Whether the component has not wanted some of them before. */
  areNew: boolean;
}

interface Revocation extends Batch {
  keys: string[];
  /** Nothing of it is ever put back. */
  isForGood: boolean;
}

interface Restoring extends Batch {
  keys: string[];
  /** Of those, the ones who were the component's before the run. */
  former: string[];
}
