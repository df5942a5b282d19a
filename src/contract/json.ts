/** Undefined for what is no JSON; texts from elsewhere are read with this and then checked. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Whether a value is a JSON object. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fields that may be undefined are then left out. */
type Defined<Fields> = {
  [Key in keyof Fields as undefined extends Fields[Key] ? never : Key]: Fields[Key];
} & {
  [Key in keyof Fields as undefined extends Fields[Key] ? Key : never]?: Exclude<
    Fields[Key],
    undefined
  >;
};

/** The fields that are not undefined: for who asks whether there is a field, or takes none that is undefined. */
export function withoutUndefined<Fields extends object>(fields: Fields): Defined<Fields>;
export function withoutUndefined(fields: object) {
  const all: [string, unknown][] = Object.entries(fields);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}
