import type { Destination } from './fabric';

/**
 * The part of Airbyte's configuration that is not the descriptor's: where a destination runs and with which
 * credentials. Looked up anew for each call, so that a rotated key is noticed; the result never leaves the
 * activity that asked for it. `key` is the component's, which says whose it is; where there is none, as
 * of a connection that was made by hand, nobody's. Throws a Refusal.
 */
export type Fabrics = (
  end: Destination,
  key: string | undefined,
) => Promise<Record<string, unknown>>;
