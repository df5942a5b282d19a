import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Worker } from '@temporalio/worker';
import { createLogger, encryptionOf, openConfiguration } from '../src/program';
import { dataConverterOf } from '../src/temporal/payload-codec';
import { ROOT } from './child';

/** With the keys of the configuration file, where there is one. */
const options = () => {
  const log = createLogger('replay', 'silent');
  const file = process.env.PROVISIONER_CONFIG;
  const encryption = encryptionOf(file ? openConfiguration({ file, log }) : undefined, log);
  const bundle = encryption.encrypts ? 'workflow-bundle-encrypting.js' : 'workflow-bundle.js';
  return {
    workflowBundle: { codePath: path.join(ROOT, 'dist', bundle) },
    dataConverter: dataConverterOf(encryption),
  };
};

/** Replays one exported history (`temporal workflow show --output json`) with the built workflows. */
const replay = async (file: string): Promise<boolean> => {
  const history: unknown = JSON.parse(await readFile(file, 'utf8'));
  try {
    await Worker.runReplayHistory(options(), history);
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
