// npm run test:conformance: holds what we send, and the stand-ins of the warehouses, against what we did not
// write: sqlfluff's grammars, Databricks' own client, and emulators of others. Exits with 0 when nothing is refused, 1 when
// something is, and 75 where one of them cannot be had.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { HERE, NOT_TO_BE_HAD } from './python.mjs';

const ends = ['grammar.mjs', 'databricks.mjs', 'snowduck.mjs', 'emulators.mjs'].map(
  (name) => spawnSync(process.execPath, [path.join(HERE, name)], { stdio: 'inherit' }).status ?? 1,
);
const failed = ends.find((end) => end !== 0 && end !== NOT_TO_BE_HAD);
process.exitCode = failed ?? (ends.includes(NOT_TO_BE_HAD) ? NOT_TO_BE_HAD : 0);
