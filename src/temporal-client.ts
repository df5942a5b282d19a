import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { dataConverter } from './payload-codec';

/** gRPC waits up to two minutes between attempts to reconnect; Temporal may be back in seconds. */
const RECONNECT = {
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 2000,
};

/** A client of the Temporal that the environment or its profile names; it connects when it is used. */
export const createTemporalClient = () => {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = Connection.lazy({ ...connectionOptions, channelArgs: RECONNECT });
  const client = new Client({ connection, dataConverter, ...(namespace && { namespace }) });
  return { client, connection, address: connection.options.address };
};
