// Writes what of chart/values.schema.json is made from the code:
//   npm run chart-schema
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { variableDefinitions } from './chart-schema';
import { ROOT } from './child';

const FILE = path.join(ROOT, 'chart', 'values.schema.json');
const Schema = z.looseObject({ definitions: z.record(z.string(), z.unknown()) });

const schema = Schema.parse(JSON.parse(readFileSync(FILE, 'utf8')));
Object.assign(schema.definitions, variableDefinitions());
writeFileSync(FILE, `${JSON.stringify(schema, null, 2)}\n`);
console.log(`${FILE} is written; npm run format lays it out.`);
