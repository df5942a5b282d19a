import type { ConnectionRead, StreamRead } from '../../src/airbyte/workspace';
import type { Plan } from '../../src/descriptor/descriptor';
import { cut, firstFew, firstSentences } from '../../workflows/protocol/lengths';
import { asWrite, streamsOf } from './connections';
import { isScheduleAsWanted } from '../comparison/differences';
import {
  fatesOf,
  irretrievable,
  isIrretrievable,
  nameOfMapper,
  withMappers,
} from '../comparison/mappers';
import type { MappersByHand } from '../comparison/mappers';
import { Refusal } from '../../src/contract/problems';

/* What somebody has set at a connection in Airbyte, told before a run changes it. */

/** Characters of a note, which goes into a run's history and log. */
const MAX_NOTE = 1000;

/** Streams that a descriptor does not name are all there are. */
const wantedStreams = (plan: Plan['connection'], { configurations }: ConnectionRead) =>
  streamsOf(
    plan,
    configurations.streams.map(({ name, namespace }) =>
      namespace === undefined ? { name } : { name, namespace },
    ),
  );

const mapperNames = (mappers: unknown[]) => mappers.map(nameOfMapper).join(', ');

type Fate = ReturnType<typeof fatesOf>[number];

const onKept = ({ stream, kept }: Fate): string[] => {
  const keeps = `The stream ${stream.name} keeps what was set by hand in Airbyte: `;
  const forEver = kept.filter(isIrretrievable);
  const others = kept.filter((mapper) => !isIrretrievable(mapper));
  return [
    ...(others.length > 0
      ? [
          `${keeps}${mapperNames(others)}. Write it into its mappers in the descriptor; mappers: [] takes it away`,
        ]
      : []),
    ...(forEver.length > 0
      ? [
          `${keeps}${mapperNames(forEver)}. Its key is shown to nobody, so no descriptor can have it; it stays until it is taken away in Airbyte`,
        ]
      : []),
  ];
};

const onMappers = ({ stream, lost, dropped }: Fate): string[] => [
  ...(lost.length > 0
    ? [
        `The stream ${stream.name} loses what was set by hand in Airbyte, as its descriptor says otherwise: ${mapperNames(lost)}`,
      ]
    : []),
  ...(dropped.length > 0
    ? [
        `The stream ${stream.name} loses what the descriptor no longer has among its mappers: ${mapperNames(dropped)}`,
      ]
    : []),
];

const columnsOf = ({ selectedFields = [] }: Partial<StreamRead>) =>
  selectedFields.map(({ fieldPath }) => fieldPath.join('.'));

/** More is read from the source than before. */
const onColumns = ({ stream, found }: Fate): string[] => {
  const before = columnsOf(found);
  if (before.length === 0) return [];
  const wanted = columnsOf(stream);
  const known = new Set(before);
  const more = wanted.filter((column) => !known.has(column));
  if (wanted.length > 0 && more.length === 0) return [];
  const what = wanted.length === 0 ? 'all columns are synced' : `${more.join(', ')} is synced too`;
  return [
    `Of the stream ${stream.name} only ${before.join(', ')} was selected; now ${what}, as the descriptor says`,
  ];
};

const onStatus = ({ status }: ConnectionRead, wanted: string) =>
  status === wanted
    ? []
    : [`The connection is ${status} in Airbyte and is made ${wanted}, as the descriptor says`];

const onTags = ({ tags = [] }: ConnectionRead, wanted: { name: string }[] | undefined) => {
  const lost = wanted
    ? tags.map(({ name }) => name).filter((name) => !wanted.some((tag) => tag.name === name))
    : [];
  return lost.length > 0
    ? [`The connection loses the tags that its descriptor does not have: ${lost.join(', ')}`]
    : [];
};

const refuseMappersByHand = (fates: Fate[]) => {
  const byHand = fates.filter(({ kept, lost }) => kept.length + lost.length > 0);
  if (byHand.length === 0) return;
  const what = firstFew(
    byHand.map(({ stream, kept, lost }) => `${stream.name} (${mapperNames([...kept, ...lost])})`),
  );
  throw new Refusal(
    `Mappers were set by hand in Airbyte that the descriptor does not have, on ${what.join(', ')}.`,
    'Write them into specific.connection.streams[].mappers (not an encryption with a secret key), or take them away in Airbyte; MAPPERS_BY_HAND of the workers says that they are neither kept nor replaced.',
  );
};

const refuseLostEncryption = (encryptions: string[]) => {
  if (encryptions.length === 0) return;
  throw new Refusal(
    `Airbyte has an encryption that the descriptor would take away: ${firstFew(encryptions).join(', ')}. Its key is shown to nobody, so it could not be put back.`,
    'Take it away in Airbyte by hand if it is to go, then deploy again.',
  );
};

/** A new connection cannot have an encryption of the one whose place it takes: its key is unknown. */
export const refuseToLeave = (replaced: ConnectionRead) => {
  const lost = irretrievable([], replaced);
  if (lost.length === 0) return;
  throw new Refusal(
    `The connection "${replaced.name}" (${replaced.id}) has an encryption that a connection made anew in its place would lack: ${firstFew(lost).join(', ')}. Its key is shown to nobody.`,
    'Give that connection a source and a destination of its own in Airbyte, so that it can be taken over; or take the encryption away there if it is to go.',
  );
};

/** A pipeline that was taken over goes on as the descriptor says, and that may be: not at all. */
export const onSchedule = ({ schedule }: ConnectionRead, wanted: Plan['connection']) => {
  const { scheduleType, cronExpression, basicSchedule } = schedule;
  if (scheduleType === 'manual' || isScheduleAsWanted(schedule, wanted.schedule)) return [];
  const basic = basicSchedule && `every ${String(basicSchedule.units)} ${basicSchedule.timeUnit}`;
  const before = [scheduleType, cronExpression ?? basic].filter(Boolean).join(' ');
  const after =
    wanted.schedule.scheduleType === 'cron'
      ? `synced at ${wanted.schedule.cronExpression} (UTC)`
      : 'manual: it no longer syncs by itself';
  return [
    `The connection's schedule was ${before} in Airbyte; as the descriptor says it is now ${after}`,
  ];
};

/**
 * What the run of a plan changes of what is set at its connection, for its log. Refused, before
 * anything is written, is what would be lost for ever, and what the deployment wants to be asked about.
 */
export const changesByHand = (
  before: ConnectionRead,
  plan: Plan['connection'],
  byHand: MappersByHand,
): string[] => {
  const streams = wantedStreams(plan, before);
  const fates = fatesOf(streams, { before, byHand });
  if (byHand === 'refuse') refuseMappersByHand(fates);
  refuseLostEncryption(irretrievable(withMappers(streams, { ...before, before, byHand }), before));
  const notes = [
    ...fates.flatMap(onKept),
    ...fates.flatMap(onMappers),
    ...fates.flatMap(onColumns),
    ...onStatus(before, asWrite(plan, []).status),
    ...onTags(before, plan.tags),
  ];
  return firstSentences(notes.map((note) => cut(note, MAX_NOTE)));
};
