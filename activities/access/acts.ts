import type { Access } from '../../src/airbyte/people';
import type { CallInterest } from '../../src/concurrency/call-interest';
import type { Before, Granted, Grantee, Outcome } from '../../workflows/grantees/records';
import type { Job } from './batch';
import { grant, lookAt, personOf, planFor, remembered, revoke } from './people';
import type { PersonId, Seen } from './people';

export interface AccessActsDeps {
  accessFor: (interest: CallInterest) => Access;
  /** What updateacl grants: a PermissionType. */
  accessPermission: string;
}

/** Some of a batch, who are acted on together. */
interface Some {
  keys: string[];
  run: string;
}

/** What a run has found of somebody, as far as it has told. */
const beforeIn = ({ before }: Grantee, { digest }: Job, run: string): Before | undefined => {
  const recorded = before?.[digest];
  return recorded?.run === run ? recorded : undefined;
};

/** Of what was granted nothing is there: an attempt before this one has revoked it, its answer lost. */
const wasThere = ({ hasWritten }: Job, granted: Granted[]) =>
  hasWritten !== false && granted.some(({ id }) => id !== undefined);

const isWantedByOthers = ({ wantedBy }: Grantee, { digest }: Job) =>
  wantedBy.some((each) => each !== digest);

/** What is done for some of a batch, and noted in the job as it is done. */
export const createAccessActs = ({ accessFor, accessPermission }: AccessActsDeps) => {
  /** Takes our permissions away one by one; what is gone is remembered as taken, even if the next fails. */
  const takeFrom = async (
    job: Job,
    { key, there, others, run }: { key: string; there: Seen[]; others: Granted[]; run: string },
  ) => {
    const record = job.records[key];
    if (!record) return;
    const before = beforeIn(record, job, run);
    const wanted = record.wantedBy.includes(job.digest);
    const taken = [...(before?.taken ?? [])];
    for (const [index, each] of there.entries()) {
      await revoke(accessFor, job, { key, grants: [each] });
      taken.push(...remembered([each]));
      job.outcomes[key] = {
        granted: [...others, ...remembered(there.slice(index + 1))],
        wanted,
        before: { run, wanted: before?.wanted ?? wanted, taken },
      };
    }
    if (there.length === 0) return;
    job.round.isChanged = true;
    job.round.ends.push([key, 'revoked']);
  };

  const giveSome = async (
    job: Job,
    { keys, people, run }: Some & { people: Record<string, PersonId> },
  ) => {
    const access = accessFor(job.interest);
    const missing = new Map<string, { person: PersonId; there: Seen[]; isNoted: boolean }>();
    const wrong = new Map<string, { kept: Seen[]; wrong: Seen[] }>();
    const lookAtOne = async (key: string) => {
      const [person, record] = [people[key], job.records[key]];
      if (!person || !record) return;
      const isNoted = record.granted.some((each) => !each.id && each.run === run);
      const look = await lookAt(access, { key, record, person });
      const plan = planFor(look, person, accessPermission);
      job.outcomes[key] = { granted: remembered(look.there), wanted: true };
      if (beforeIn(record, job, run)) job.round.isChanged = true;
      if (plan.wrong.length > 0) wrong.set(key, plan);
      if (plan.isMissing) missing.set(key, { person, there: look.there, isNoted });
      // Of an earlier attempt's, that had no time to tell.
      else if (plan.kept.some((each) => each.run === run)) job.round.ends.push([key, 'granted']);
      else if (plan.kept.length > 0) job.round.kept += 1;
      else job.round.ends.push([key, 'had']);
    };
    const noted = (person: PersonId): Granted => ({ ...person, type: accessPermission, run });
    const grantOne = async (key: string) => {
      const one = missing.get(key);
      if (!one) return;
      const { person, there, isNoted } = one;
      const of = { person: personOf(key, person), type: accessPermission, mayBeThere: isNoted };
      try {
        const id = await grant(access, of, job);
        const granted = [...remembered(there), { ...noted(person), id }];
        job.outcomes[key] = { granted, wanted: true };
      } catch (err) {
        // It may still come about, or have come about whatever the answer said: the undo looks.
        job.outcomes[key] = { granted: [...remembered(there), noted(person)], wanted: true };
        throw err;
      }
      job.round.isChanged = true;
      job.round.ends.push([key, 'granted']);
    };
    const replaceOne = async (key: string) => {
      const there = wrong.get(key)?.wrong ?? [];
      const ids = there.map(({ id }) => id);
      const others = (job.outcomes[key]?.granted ?? []).filter(({ id }) => !ids.includes(id ?? ''));
      await takeFrom(job, { key, there, others, run });
    };

    await job.each(keys, lookAtOne);
    // Before acting, so that nothing is granted that is not remembered, however the attempt ends.
    if (missing.size > 0)
      await job.note(
        Object.fromEntries(
          [...missing].map(([key, { person, there }]) => [
            key,
            { granted: [...remembered(there), noted(person)], wanted: true },
          ]),
        ),
      );
    await job.each([...missing.keys()], grantOne);
    await job.each([...wrong.keys()], replaceOne);
  };

  const takeSome = async (job: Job, { keys, run, isForGood }: Some & { isForGood: boolean }) => {
    const takeOne = async (key: string) => {
      const record = job.records[key];
      if (!record) {
        job.round.ends.push([key, 'unremembered']);
        return;
      }
      const wanted = record.wantedBy.includes(job.digest);
      const unwant = (granted: Granted[]): Outcome => {
        const known = job.outcomes[key]?.before ?? beforeIn(record, job, run);
        const before = known ?? { run, wanted, taken: [] };
        return { granted, wanted: false, before: isForGood ? null : before };
      };
      if (isWantedByOthers(record, job)) {
        job.round.ends.push([key, 'others']);
        job.outcomes[key] = unwant(record.granted);
      } else {
        const { there } = await lookAt(accessFor(job.interest), { key, record });
        await takeFrom(job, { key, there, others: [], run });
        const isTaken = there.length === 0 && wasThere(job, record.granted);
        if (isTaken) job.round.ends.push([key, 'revoked']);
        job.outcomes[key] = unwant([]);
      }
      job.round.isChanged = true;
      if (isForGood) job.over(key);
    };
    await job.each(keys, takeOne);
  };

  const restoreSome = async (job: Job, { keys, run }: Some) => {
    const restoreOne = async (key: string) => {
      const record = job.records[key];
      if (!record) return;
      const access = accessFor(job.interest);
      const before = beforeIn(record, job, run);
      const wanted = before ? before.wanted : record.wantedBy.includes(job.digest);
      const mine = record.granted.filter((each) => each.run === run);
      let rest = record.granted.filter((each) => each.run !== run);
      // By now another component counts on it.
      if (isWantedByOthers(record, job)) rest = record.granted;
      else if (mine.length > 0) {
        const { there } = await lookAt(access, { key, record: { ...record, granted: mine } });
        await revoke(accessFor, job, { key, grants: there });
        if (there.length > 0 || wasThere(job, mine)) job.round.ends.push([key, 'revoked']);
      }
      job.outcomes[key] = { granted: rest, wanted: record.wantedBy.includes(job.digest) };
      for (const each of before?.taken ?? []) {
        const person = personOf(key, each);
        const id = await grant(access, { person, type: each.type, mayBeThere: true }, job);
        rest = [...rest, { ...each, id }];
        job.round.ends.push([key, 'granted']);
      }
      job.outcomes[key] = { granted: rest, wanted, before: null };
      job.over(key);
    };
    await job.each(keys, restoreOne);
  };

  return { giveSome, takeSome, restoreSome };
};
