// Writes what of kit/ is made from the code: node scripts/setup.mjs node dist/scripts/kit.js
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ROOT } from './child';
import { specificSchema } from './kit-schema';

const FILE = path.join(ROOT, 'kit', 'schema', 'specific.schema.json');

const write = async () => {
  const layout = { ...(await resolveConfig(FILE)), filepath: FILE };
  writeFileSync(FILE, await format(JSON.stringify(specificSchema(), null, 2), layout));
  console.log(`${FILE} is written.`);
};

void write();
