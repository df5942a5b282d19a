/**
 * One thing that a validation looked at. `failed` makes the descriptor invalid; `not possible` was
 * left open, and says why; `warning` changes nothing.
 */
export interface Check {
  verdict: 'passed' | 'failed' | 'not possible' | 'warning';
  /** A path in the descriptor; `Airbyte` for what no descriptor decides. */
  at: string;
  message: string;
  /** Of the entity in Airbyte that the check found. Absent in histories of older workers. */
  id?: string;
}

const check = (verdict: Check['verdict']) => (at: string, message: string) => ({
  verdict,
  at,
  message,
});
export const passed = check('passed');
export const failed = check('failed');
export const notPossible = check('not possible');
export const warning = check('warning');
