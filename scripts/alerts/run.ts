import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../child';
import { fetchPrometheus } from './prometheus';

/*
 * npm run test:alerts [-- --only-fetch]
 * Gets a Prometheus, and tests the alerts, the dashboards and the runbook with it. Without one it says so
 * in one line, and ends with 75.
 */

const CANNOT = 75;
/** Seconds that it should take at most. */
const BUDGET = 240;

const test = () => {
  const jest = path.join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js');
  const args = [jest, '--selectProjects', 'public API', '-w', '2', 'test/alert'];
  return spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' }).status ?? 1;
};

const main = async () => {
  try {
    await fetchPrometheus();
  } catch (err) {
    const [first = ''] = (err instanceof Error ? err.message : String(err)).split('\n');
    console.log(`NOTE: the alerts are not tested, as there is no Prometheus: ${first}`);
    return CANNOT;
  }
  return process.argv.includes('--only-fetch') ? 0 : test();
};

const began = Date.now();
void main().then((code) => {
  const seconds = Math.round((Date.now() - began) / 1000);
  const isSlow =
    seconds > BUDGET ? `, more than the ${String(BUDGET)} s that they should take` : '';
  console.log(`Alerts: ${String(seconds)} s${isSlow}`);
  process.exitCode = code;
});
