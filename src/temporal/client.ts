import {
  Client,
  Connection,
  defaultGrpcRetryOptions,
  makeGrpcRetryInterceptor,
} from '@temporalio/client';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { saysTooLarge } from './errors';
import type { TemporalConfig } from '../config/temporal';

/** gRPC waits up to two minutes between attempts to reconnect; Temporal may be back in seconds. */
const RECONNECT = {
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2000,
};

const retry = defaultGrpcRetryOptions();

/** gRPC tells a message that is too large with the code of a server that is busy, which is asked again. */
export const CONNECTION_OPTIONS = {
  channelArgs: RECONNECT,
  interceptors: [
    makeGrpcRetryInterceptor({
      ...retry,
      retryableDecider: (attempt, status) =>
        !saysTooLarge(status) && retry.retryableDecider(attempt, status),
    }),
  ],
};

interface ClientOptions {
  dataConverter: DataConverter;
  interceptors?: WorkflowClientInterceptor[];
}

/** It connects when it is used. */
export const createTemporalClient = (
  { connectionOptions, namespace }: TemporalConfig,
  { dataConverter, interceptors = [] }: ClientOptions,
) => {
  const connection = Connection.lazy({ ...connectionOptions, ...CONNECTION_OPTIONS });
  const client = new Client({
    connection,
    dataConverter,
    interceptors: { workflow: interceptors },
    namespace,
  });
  return { client, connection, address: connection.options.address };
};

/** The address of a run in the Temporal UI, if there is one. */
export const runHref = (
  { workflowId, runId }: { workflowId: string; runId: string },
  { temporalUiUrl, namespace }: { temporalUiUrl?: string | undefined; namespace: string },
) => temporalUiUrl && `${temporalUiUrl}/namespaces/${namespace}/workflows/${workflowId}/${runId}`;
