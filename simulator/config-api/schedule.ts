import { z } from 'zod';
import { cronProblem } from './errors';
import { cronFault } from '../cron/cron';
import { unprocessable } from '../problems';
import type { Schedule, Store } from '../store';

const timeUnit = z.enum(['minutes', 'hours', 'days', 'weeks', 'months']);
const basic = z.object({ timeUnit, units: z.int() });

/** The part of ConnectionCreate and ConnectionUpdate that says when to run. */
export const scheduleFields = {
  /** The old form of a basic schedule. */
  schedule: basic.nullish(),
  scheduleType: z.enum(['manual', 'basic', 'cron']).nullish(),
  scheduleData: z
    .object({
      basicSchedule: basic.nullish(),
      cron: z
        .object({ cronExpression: z.string().nullish(), cronTimeZone: z.string().nullish() })
        .nullish(),
    })
    .nullish(),
};
type Fields = z.output<z.ZodObject<typeof scheduleFields>>;

const isTimeZone = (timeZone: string) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return !timeZone.toLowerCase().startsWith('etc');
  } catch {
    return false;
  }
};

const readCron = ({ scheduleData }: Fields, minSyncInterval: number): Schedule => {
  const cron = scheduleData?.cron;
  if (!cron) throw cronProblem('missing-cron', {});
  const { cronExpression, cronTimeZone } = cron;
  if (!cronExpression || !cronTimeZone)
    throw cronProblem('missing-component', { cronExpression, cronTimezone: cronTimeZone });
  const fault = cronFault(cronExpression, minSyncInterval);
  if (fault) throw cronProblem(fault, { cronExpression });
  if (!isTimeZone(cronTimeZone))
    throw cronProblem('invalid-timezone', { cronTimezone: cronTimeZone });
  return { scheduleType: 'cron', cronExpression, cronTimeZone };
};

/** Undefined when nothing was said; an unknown time zone or expression is a 400. */
export const readSchedule = ({ minSyncInterval }: Store, given: Fields): Schedule | undefined => {
  const { schedule, scheduleType, scheduleData } = given;
  if (schedule && scheduleType)
    throw unprocessable('supply old or new schedule schema but not both');
  if (schedule) return { scheduleType: 'basic', basic: schedule };
  if (!scheduleType) return undefined;
  if (scheduleType === 'manual') return { scheduleType };
  if (!scheduleData)
    throw unprocessable('schedule data must be populated if schedule type is populated');
  if (scheduleType === 'cron') return readCron(given, minSyncInterval);
  if (!scheduleData.basicSchedule)
    throw unprocessable('if schedule type is basic, then scheduleData.basic must be populated');
  return { scheduleType, basic: scheduleData.basicSchedule };
};

const scheduleData = ({ basic: basicSchedule, cronExpression, cronTimeZone }: Schedule) => {
  if (basicSchedule) return { basicSchedule };
  return cronExpression ? { cron: { cronExpression, cronTimeZone: cronTimeZone ?? 'UTC' } } : null;
};

/** The part of ConnectionRead that says when it runs; a basic one in its old form too. */
export const showSchedule = (schedule: Schedule) => {
  const data = scheduleData(schedule);
  return {
    scheduleType: schedule.scheduleType,
    ...(schedule.basic && { schedule: schedule.basic }),
    ...(data && { scheduleData: data }),
  };
};
