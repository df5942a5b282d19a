/** What is told beside the updates, in the log of the run; never a value. */
export interface Note {
  level: 'INFO' | 'WARNING';
  message: string;
}

export const inform = (message: string): Note => ({ level: 'INFO', message });
export const warn = (message: string): Note => ({ level: 'WARNING', message });

/** A part of `specific` in a descriptor, by its fields. */
export interface Part {
  fields: Record<string, unknown>;
  notes: Note[];
}
