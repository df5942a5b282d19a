/** The first record's fields: quoted ones may hold the separator, doubled quotes and line ends. */
const firstRecord = (text: string, separator: string): string[] => {
  const fields = [''];
  let quoted = false;
  const append = (part: string) => fields.push((fields.pop() ?? '') + part);
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === '"' && quoted && text.charAt(at + 1) === '"') {
      append('"');
      at += 1;
    } else if (char === '"') quoted = !quoted;
    else if (quoted) append(char);
    else if (char === '\n' || char === '\r') break;
    else if (char === separator) fields.push('');
    else append(char);
  }
  return fields;
};

/**
 * Column names as the File connector (pandas) makes them: an unnamed column gets its position, a
 * repeated name a counter. No name at all when the text is empty.
 */
export const csvHeader = (text: string, separator = ','): string[] => {
  const start = text.replace(/^\uFEFF/, '').replace(/^[\r\n]+/, '');
  if (start === '') return [];
  const seen = new Map<string, number>();
  return firstRecord(start, separator).map((field, index) => {
    const name = field === '' ? `Unnamed: ${String(index)}` : field;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}.${String(count)}`;
  });
};
