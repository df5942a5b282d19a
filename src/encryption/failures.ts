import { DefaultFailureConverter } from '@temporalio/common';

/*
 * Messages and stack traces of failures tell of plans and of Airbyte's answers: they go into a payload,
 * which the codec encrypts. Loaded by its path, by the SDK and into the bundle of the workflows.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
