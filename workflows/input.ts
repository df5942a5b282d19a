import type { AccessRequest } from '../src/access-request';
import type { Component, KnownIds, Plan } from '../src/descriptor';

/** Milliseconds. Part of the input, so that a replay waits as the run did. */
export interface Retry {
  initial: number;
  maxInterval: number;
  /** How long one step is tried before the run fails. */
  giveUpAfter: number;
  /** How long after an unclear answer Airbyte may still do what it was asked. */
  settleTime: number;
}

export interface ProvisionInput {
  plan: Plan;
  known: KnownIds;
  /** What the descriptor says to no effect; for the run's log. */
  warnings: string[];
  retry: Retry;
}

export interface UnprovisionInput {
  component: Component;
  known: KnownIds;
  removeData: boolean;
  retry: Retry;
}

export interface UpdateAclInput extends AccessRequest {
  retry: Retry;
}
