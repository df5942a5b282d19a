// Writes what of kit/ is made from the code: node scripts/setup.mjs node dist/scripts/kit.js
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { ROOT } from './child';
import { settingsSchema, specificSchema } from './kit-schema';

const SCHEMAS = { specific: specificSchema, provisioner: settingsSchema };

const write = async () => {
  for (const [name, schemaOf] of Object.entries(SCHEMAS)) {
    const file = path.join(ROOT, 'kit', 'schema', `${name}.schema.json`);
    const layout = { ...(await resolveConfig(file)), filepath: file };
    writeFileSync(file, await format(JSON.stringify(schemaOf(), null, 2), layout));
    console.log(`${file} is written.`);
  }
};

void write();
