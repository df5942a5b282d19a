import type { FabricFound } from '../../activities/fabric/found';
import type { Put } from '../../activities/pipeline/step-answers';
import type { Info } from '../../src/contract/coordinator';
import type { Plan } from '../../src/descriptor/descriptor';
import type { ProvisionInput } from '../input';
import type { Place } from '../../src/descriptor/places';
import { fabricInfo, placesInfo } from './fabric';
import { ignoredInfo } from './ignored-keys';

/** What a status tells of a pipeline that is in place. */
export const infoOf = (
  plan: Plan,
  {
    workspaceId,
    streams,
    sync,
    ignored,
    fabric,
    unmanaged,
    places,
  }: {
    workspaceId: string;
    streams: string;
    sync?: string | undefined;
    ignored?: ProvisionInput['ignored'];
    fabric?: FabricFound | undefined;
    unmanaged?: Pick<FabricFound, 'place'> | undefined;
    places?: Place[] | undefined;
  },
  puts: Record<'source' | 'destination' | 'connection', Put>,
): Info => {
  const link = (label: string, { name, href }: Put) => ({
    type: 'string' as const,
    label,
    value: name,
    href,
  });
  const { schedule } = plan.connection;
  const when = schedule.scheduleType === 'cron' ? `${schedule.cronExpression} (UTC)` : 'manual';
  return {
    publicInfo: {
      connection: link('Airbyte connection', puts.connection),
      source: link('Airbyte source', puts.source),
      destination: link('Airbyte destination', puts.destination),
      schedule: { type: 'string', label: 'Schedule', value: when },
      streams: { type: 'string', label: 'Streams', value: streams },
      ...(sync !== undefined && {
        sync: { type: 'string', label: 'First sync', value: sync, href: puts.connection.href },
      }),
      ...fabricInfo(fabric),
      ...ignoredInfo(ignored),
    },
    privateInfo: {
      workspaceId,
      sourceId: puts.source.id,
      destinationId: puts.destination.id,
      connectionId: puts.connection.id,
      ...placesInfo(fabric ?? unmanaged, places),
    },
  };
};
