import type { Command } from 'commander';
import type { KeyUse, KeyUses } from '../contract/operator';
import { table } from './tables';
import type { Terminal } from './tables';

interface KeysCommandDeps extends Terminal {
  keys: (observe: (read: number) => void) => Promise<KeyUses>;
}

/** Histories after which it is told how far the reading is. */
const TOLD_EACH = 1000;

const isNeeded = ({ openRuns, keptHistories, schedules }: KeyUse) =>
  openRuns + keptHistories + schedules > 0;

/** Of what is needed to read, or to write. */
const isMissing = (key: KeyUse) => !key.isHere && (isNeeded(key) || key.isCurrent);

const verdictOf = (key: KeyUse) => {
  if (isMissing(key)) return 'missing: put it back';
  if (key.isCurrent) return 'encrypts';
  if (!isNeeded(key)) return 'no longer needed';
  return key.neededUntil === undefined ? 'needed' : `needed until ${key.neededUntil}`;
};

const rowOf = (key: KeyUse) => [
  key.id,
  verdictOf(key),
  String(key.openRuns),
  String(key.keptHistories),
  String(key.schedules),
  key.example ?? '',
];

const pageOf = ({ keys, records, inClear }: KeyUses) =>
  [
    keys.length === 0
      ? 'There are no keys, and nothing that needs one.'
      : table(
          ['KEY', 'STATE', 'OPEN RUNS', 'KEPT HISTORIES', 'SCHEDULES', 'FOR EXAMPLE'],
          keys.map(rowOf),
        ),
    '',
    `${String(records)} runs and schedules were read; ${String(inClear)} of them have no encrypted payload.`,
  ].join('\n');

/** `provisioner keys`: which keys of payloads Temporal's records still need. Changes nothing. */
export const addKeysCommand = (
  program: Command,
  { keys, print, say, exitWith }: KeysCommandDeps,
) => {
  program
    .command('keys')
    .description('the keys that encrypt what Temporal stores')
    .command('list')
    .description('say which keys open runs and kept histories still need; reads all of them')
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nEnds with 0, and with 1 where a key is needed that is not there.')
    .action(async ({ json }: { json?: boolean }) => {
      const uses = await keys((read) => {
        if (read % TOLD_EACH === 0) say(`${String(read)} histories read …`);
      });
      print(json ? JSON.stringify(uses, null, 2) : pageOf(uses));
      exitWith(uses.keys.some(isMissing) ? 1 : 0);
    });
};
