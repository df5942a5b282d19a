/** A text as Temporal's visibility takes it in a query, whatever is in it. */
export const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** The runs on a task queue, of these types, for which all the conditions hold. */
export const runsOn = (taskQueue: string, types: readonly string[], ...conditions: string[]) =>
  [
    `TaskQueue = ${quoted(taskQueue)}`,
    `WorkflowType IN (${types.map(quoted).join(', ')})`,
    ...conditions,
  ].join(' AND ');
