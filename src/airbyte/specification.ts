import { z } from 'zod';
import type { Kind } from './workspace';
import { isRefused } from '../contract/call-error';
import { CONFIG_API } from './apis';
import type { AirbyteHttp } from './http';
import type { CallInterest } from '../concurrency/call-interest';

/** SourceDefinitionSpecificationRead, and its like for destinations. */
const Specification = z.looseObject({
  connectionSpecification: z.record(z.string(), z.unknown()).nullish(),
});

/**
 * The JSON Schema of a connector's configuration, which only the Config API serves: a self-managed
 * Airbyte has it next to the public one, under the same credentials.
 */
export const specificationOf = async (
  {
    http,
    workspaceId,
    interest,
  }: { http: AirbyteHttp; workspaceId: string; interest: CallInterest },
  { kind, definitionId }: { kind: Kind; definitionId: string },
): Promise<Record<string, unknown> | undefined> => {
  try {
    const { connectionSpecification } = await http({
      method: 'POST',
      base: CONFIG_API,
      path: `/${kind}_definition_specifications/get`,
      writes: false,
      body: { [`${kind}DefinitionId`]: definitionId, workspaceId },
      answer: Specification,
      interest,
    });
    return connectionSpecification ?? undefined;
  } catch (err) {
    // No such definition, no Config API at this address, or not for us.
    if (isRefused(err)) return undefined;
    throw err;
  }
};
