import { sleep } from '@temporalio/workflow';

/** How many milliseconds late each of so many timers fired, one after the other. */
export async function lateness(timers: number, milliseconds: number): Promise<number[]> {
  const late: number[] = [];
  for (let count = 0; count < timers; count += 1) {
    const due = Date.now() + milliseconds;
    await sleep(milliseconds);
    late.push(Date.now() - due);
  }
  return late;
}
