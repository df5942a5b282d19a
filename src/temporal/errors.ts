import { status as grpc } from '@grpc/grpc-js';
import { isGrpcServiceError } from '@temporalio/client';
import { NamespaceNotFoundError } from '@temporalio/common';
import { z } from 'zod';
import { rootOf } from '../../workflows/protocol/causes';
import { SystemProblem } from '../contract/problems';
import { DecryptionError } from '../encryption/codec';

/** What Temporal, or gRPC on the way to it, says of a payload or a message that is too large. */
const TOO_LARGE = /size exceeds|larger than max|exceeds size limit/i;

const Status = z.object({ code: z.enum(grpc), details: z.string().catch('') });
type Status = z.infer<typeof Status>;

/** Why a call to Temporal failed, in gRPC's terms; undefined for what is not from there. */
const statusOf = (err: unknown): Status | undefined => {
  const root = rootOf(err);
  // The SDK has words of its own for this one.
  if (root instanceof NamespaceNotFoundError)
    return { code: grpc.NOT_FOUND, details: root.message };
  return isGrpcServiceError(root) ? Status.safeParse(root).data : undefined;
};

export const saysTooLarge = ({ code, details }: Status) =>
  (code === grpc.INVALID_ARGUMENT || code === grpc.RESOURCE_EXHAUSTED) && TOO_LARGE.test(details);

export const isTooLarge = (err: unknown) => {
  const status = statusOf(err);
  return status !== undefined && saysTooLarge(status);
};

/** Whether Temporal is not there, or has no room: the same call may do better in a moment. */
export const isOutage = (err: unknown) => {
  const { code = grpc.OK } = statusOf(err) ?? {};
  return (
    [grpc.DEADLINE_EXCEEDED, grpc.UNAVAILABLE, grpc.RESOURCE_EXHAUSTED].includes(code) &&
    !isTooLarge(err)
  );
};

/** Whether an answer did not come to its end, which says nothing of what was asked. */
export const isBrokenOff = (err: unknown) => {
  const { code = grpc.OK } = statusOf(err) ?? {};
  return [grpc.CANCELLED, grpc.ABORTED, grpc.INTERNAL, grpc.UNKNOWN].includes(code);
};

/**
 * Whether the server does not know the namespace. One on PostgreSQL also says so while its database does
 * not answer, and for seconds after that.
 */
export const lacksNamespace = (err: unknown) => rootOf(err) instanceof NamespaceNotFoundError;

export const isNotFound = (err: unknown) => statusOf(err)?.code === grpc.NOT_FOUND;

/** Whether a call failed because the server has no such search attribute. */
export const lacksAttributes = (err: unknown) => {
  const { code, details = '' } = statusOf(err) ?? {};
  return code === grpc.INVALID_ARGUMENT && /search attribute/i.test(details);
};

const solutionsFor = (code: grpc) => {
  if (code === grpc.PERMISSION_DENIED || code === grpc.UNAUTHENTICATED)
    return [
      'Ask the platform operator to check the credentials for Temporal (TEMPORAL_API_KEY, TEMPORAL_TLS) and what they may do.',
    ];
  if (code === grpc.NOT_FOUND)
    return [
      'Ask the platform operator to check TEMPORAL_NAMESPACE, and that the namespace is there.',
      'If Temporal or its database has just been started, send the request again in a moment.',
    ];
  return undefined;
};

const unreadable = (cause: DecryptionError) =>
  new SystemProblem(cause.message, {
    reason: 'no_key',
    solutions: [
      'Ask the platform operator to put the key back into the folder of keys (encryption.keysDir in PROVISIONER_CONFIG); "npx provisioner keys list" tells which are needed.',
    ],
    cause,
  });

/** Why a call fails however often it is repeated; undefined for what may pass. */
export const lastingProblem = (cause: unknown): SystemProblem | undefined => {
  const root = rootOf(cause);
  if (root instanceof DecryptionError) return unreadable(root);
  const status = statusOf(cause);
  if (!status || isOutage(cause)) return undefined;
  const { code, details } = status;
  const solutions = solutionsFor(code);
  if (!solutions && code !== grpc.INVALID_ARGUMENT) return undefined;
  return new SystemProblem(`Temporal refuses what the provisioner asks of it: ${details}`, {
    reason: 'temporal_refuses',
    solutions: solutions ?? [
      'Repeating it does not help: ask the platform operator to look at the log of the gateway.',
    ],
    cause,
  });
};
