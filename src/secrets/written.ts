import { setTimeout as pause } from 'node:timers/promises';

/** Of a file without content: it may be in the middle of being written. */
const MOST_LOOKS = 10;
/** Milliseconds between them. */
const PAUSE = 100;

/** What is read of a file, which is looked at again while that is nothing. */
export const whenWritten = async <Content extends string | undefined>(
  read: () => Promise<Content>,
): Promise<Content> => {
  for (let looks = 1; ; looks += 1) {
    const content = await read();
    if (content !== '' || looks === MOST_LOOKS) return content;
    await pause(PAUSE);
  }
};
