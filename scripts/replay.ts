import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from '@temporalio/worker';
import { dataConverter } from '../src/temporal/payload-codec';
import { ROOT } from './child';

/** Replays one exported history (`temporal workflow show --output json`) with the built workflows. */
const replay = async (file: string): Promise<boolean> => {
  const history: unknown = JSON.parse(await readFile(file, 'utf8'));
  const codePath = path.join(ROOT, 'dist', 'workflow-bundle.js');
  try {
    await Worker.runReplayHistory({ workflowBundle: { codePath }, dataConverter }, history);
    console.log(`replays  ${path.basename(file)}`);
    return true;
  } catch (err) {
    console.log(
      `differs  ${path.basename(file)}: ${err instanceof Error ? err.message : String(err)}`,
    );
    return false;
  }
};

const main = async (files: string[]) => {
  let all = true;
  for (const file of files) all = (await replay(file)) && all;
  process.exitCode = all ? 0 : 1;
};

void main(process.argv.slice(2));
