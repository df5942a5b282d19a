// Writes what of kit/ is made from the code: node scripts/setup.mjs node dist/scripts/kit.js
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './child';
import { specificSchema } from './kit-schema';

const FILE = path.join(ROOT, 'kit', 'schema', 'specific.schema.json');

writeFileSync(FILE, `${JSON.stringify(specificSchema(), null, 2)}\n`);
console.log(`${FILE} is written; npm run format lays it out.`);
