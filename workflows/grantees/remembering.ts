import {
  allHandlersFinished,
  condition,
  setCurrentDetails,
  workflowInfo,
} from '@temporalio/workflow';

/* What is alike in the workflows that remember. */

/** Events after which one starts anew with what it knows; the server allows 2,000 updates in a run. */
const LONG = 1000;
/** Rows shown in the Temporal UI. */
const SHOWN = 100;

/** Shows the first of them below a title and a head. */
export const showRows = <Item>(
  head: string[],
  items: readonly Item[],
  rowOf: (item: Item) => string,
) => {
  const rows = items.slice(0, SHOWN).map(rowOf);
  const more = items.length > SHOWN ? ['', 'The query `grants` tells all.'] : [];
  setCurrentDetails([...head, ...rows, ...more].join('\n'));
};

/** Until it is over, or its history so long that it should start anew. */
export const untilLong = (isOver: () => boolean) => {
  const isLong = () => workflowInfo().historyLength > LONG || workflowInfo().continueAsNewSuggested;
  return condition(() => (isLong() || isOver()) && allHandlersFinished());
};

/** For what outlives every version of the workers; those without versions take no such wish. */
export const ofAllVersions = () =>
  workflowInfo().currentDeploymentVersion?.deploymentName
    ? { versioningBehavior: 'AUTO_UPGRADE' as const }
    : {};
