import type { Connection } from '../../src/descriptor/connection';
import type { Mapper } from '../../src/descriptor/mappers';
import { firstFew } from '../../workflows/words/lengths';

type Wanted = NonNullable<Connection['streams']>[number];
type Condition = Extract<Mapper, { type: 'row-filtering' }>['mapperConfiguration']['conditions'];

const fieldsIn = (condition: Condition): string[] =>
  'conditions' in condition && Array.isArray(condition.conditions)
    ? condition.conditions.flatMap(fieldsIn)
    : [String(condition.fieldName)];

interface Effect {
  /** Columns it reads, by the field of the mapper that names them. */
  needs: string[];
  removes: string[];
  adds: string[];
}

/** What a mapper makes of the columns that come to it. */
const effectOf = ({ type, mapperConfiguration: given }: Mapper): Effect => {
  if (type === 'row-filtering') return { needs: fieldsIn(given.conditions), removes: [], adds: [] };
  if (type === 'field-renaming') {
    const { originalFieldName: from, newFieldName: to } = given;
    return { needs: [from], removes: [from], adds: [to] };
  }
  const { targetField: field } = given;
  if (type === 'field-filtering') return { needs: [field], removes: [field], adds: [] };
  return { needs: [field], removes: [field], adds: [`${field}${given.fieldNameSuffix}`] };
};

/** Mappers about a column that does not come to them: each works on what the one before leaves. */
export const checkMappers = (
  { mappers = [], selectedFields }: Wanted,
  columns: string[],
  say: (field: string, message: string) => void,
) => {
  const selected = selectedFields && new Set(selectedFields);
  const left = new Set(columns.filter((column) => selected?.has(column) ?? true));
  for (const [index, mapper] of mappers.entries()) {
    const { needs, removes, adds } = effectOf(mapper);
    const missing = needs.find((field) => !left.has(field));
    const at = `mappers[${String(index)}].mapperConfiguration`;
    if (missing !== undefined)
      say(
        at,
        `is about ${missing}, which does not come to it; there is ${firstFew([...left]).join(', ')}`,
      );
    for (const field of removes) left.delete(field);
    const double = adds.find((field) => left.has(field));
    if (double !== undefined) say(at, `would make ${double}, which is there already`);
    for (const field of adds) left.add(field);
  }
};
