/** A text as Temporal's visibility takes it in a query, whatever is in it. */
export const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** The runs on these task queues, of these types, for which all the conditions hold. */
export const runsOn = (
  queues: readonly string[],
  types: readonly string[],
  ...conditions: string[]
) =>
  [
    `TaskQueue IN (${queues.map(quoted).join(', ')})`,
    `WorkflowType IN (${types.map(quoted).join(', ')})`,
    ...conditions,
  ].join(' AND ');
