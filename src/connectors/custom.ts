import { z } from 'zod';
import { closed } from '../reading/closed-objects';
import { text } from './fields';

const ONE = 'is required, or definitionName: say which of Airbyte’s connectors it is';
const ONLY_ONE = 'goes without definitionId: say one of them';

const given = z
  .strictObject({
    connector: z.literal('custom'),
    name: text.describe('The name of the source or destination in Airbyte.'),
    definitionId: z
      .guid('must be the UUID of a connector definition')
      .optional()
      .describe('The id of a connector definition in Airbyte.'),
    definitionName: text.optional().describe('Its exact name in Airbyte, instead of the id.'),
    connectionConfiguration: z
      .record(z.string(), z.unknown())
      .default({})
      .describe('As the connector wants it; secrets as { secretRef: NAME }.'),
  })
  .superRefine(({ definitionId, definitionName }, context) => {
    if (!definitionId && !definitionName)
      context.addIssue({ code: 'custom', path: ['definitionId'], message: ONE });
    if (definitionId && definitionName)
      context.addIssue({ code: 'custom', path: ['definitionName'], message: ONLY_ONE });
  });

/**
 * Any connector of this Airbyte, by its definition's id or exact name. What it is configured with is
 * checked against the connector's own specification, by the worker or by Airbyte itself.
 */
export const custom = closed(
  given,
  'what the connector is to know belongs under connectionConfiguration',
).transform(({ connectionConfiguration, ...rest }) => ({
  ...rest,
  configuration: connectionConfiguration,
}));
