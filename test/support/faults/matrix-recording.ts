import path from 'node:path';
import { ROOT } from '../../../scripts/child';

/* What both parts of the document of the fault matrix are made with. */

export const RECORDED = path.join(ROOT, '.cache', 'fault-matrix');

/** With RECORD_FAULT_MATRIX=1 the suites keep what came of each row, and the document is made of it. */
export const isRecording = Boolean(process.env.RECORD_FAULT_MATRIX);
/** With RECORD_FAULT_MATRIX=fabrics the part about fabrics alone; the rest of the document stays. */
export const recordsFabricsOnly = process.env.RECORD_FAULT_MATRIX === 'fabrics';

const lineOf = (cells: string[]) => `| ${cells.join(' | ')} |`;

export const tableWith = (head: string[], lines: string[][]) =>
  [head, head.map(() => '---'), ...lines].map(lineOf).join('\n');
