import type { AccessRequest } from '../src/descriptor/access-request';
import type { SearchAttributePair } from '@temporalio/common';
import type { Component, KnownIds, KnownPlaces, Plan } from '../src/descriptor/descriptor';
import type { Place } from '../src/descriptor/places';
import type { Ignored } from '../src/reading/reader';

/** Milliseconds. Part of the input, so that a replay waits as the run did. */
export interface Retry {
  initial: number;
  maxInterval: number;
  /** How long one step is tried before the run fails. */
  giveUpAfter: number;
  /** How long after an unclear answer Airbyte may still do what it was asked. */
  settleTime: number;
  /** How long a run that waits for a lease relies on its signal before it polls; absent: 30 seconds. */
  firstWait?: number;
}

/** Of every input of a run whose ids name its component or its data product. */
export interface Named {
  /**
   * What tells the ids of this deployment from those of others in the namespace (src/contract/ids.ts);
   * an argument, as a replay has another task queue. Absent: the default one, or an older gateway.
   */
  deployment?: string | undefined;
}

export interface ProvisionInput extends Named {
  plan: Plan;
  known: KnownIds;
  /** Where former runs have put its data, the latest first. Absent in inputs of older gateways. */
  places?: Place[];
  /** What the descriptor says to no effect; for the run's log. */
  warnings: string[];
  /** How many keys say nothing, and some of them; for the run's result. Absent: none. */
  ignored?: Ignored;
  /** What is known of former operations; for the run's log too. Absent in inputs of older gateways. */
  notes?: string[];
  retry: Retry;
  /** As in every other input. Absent in inputs of older gateways. */
  taskQueue?: string;
}

/**
 * The workers' task queue (an argument, as a replay has another one), which is one Airbyte workspace:
 * whose people an access is of.
 */
export interface OfDeployment extends Named {
  taskQueue: string;
}

export interface UnprovisionInput extends OfDeployment {
  component: Component;
  known: KnownIds;
  /** Where its data may be. Absent in inputs of older gateways. */
  places?: KnownPlaces;
  removeData: boolean;
  retry: Retry;
}

/** A component's run within that of its data product: all that starts it as if it were alone. */
export interface Part<Input> {
  token: string;
  /** The component's name, for people. */
  component: string;
  input: Input;
  summary: string;
  details: string;
  attributes: SearchAttributePair[];
}

export interface ProductInput<Input> extends Named {
  /** The data product's key. */
  key: string;
  parts: Part<Input>[];
  warnings: string[];
  notes: string[];
}

export interface UpdateAclInput extends AccessRequest, OfDeployment {
  retry: Retry;
}

/** A component to validate, or to plan for. */
export interface ToValidate {
  plan: Plan;
  known: KnownIds;
  /** The path of its `specific` in the descriptor, for what is found there. */
  at: string;
}

export interface ValidateInput {
  components: ToValidate[];
  /** What is wrong already: the descriptor cannot be read. */
  problems: string[];
  /** What the descriptor says to no effect. */
  warnings: string[];
  retry: Retry;
}

export interface PlanInput {
  components: ToValidate[];
  /** What the descriptor says to no effect. */
  warnings: string[];
  retry: Retry;
}

/** Which connection to read; or why nobody can tell. */
export type WantedConnection =
  { connectionId: string } | { connectionName: string } | { problem: string; solution: string };

/** Where the component's configurations have `{ secretRef }`, the rest of them left out. */
export interface References {
  source: unknown;
  destination: unknown;
}

/** What is no component's may be read by who may deploy in its environment. */
export interface Readable {
  environment: string;
  /** Teams; absent: all. */
  teams?: readonly string[] | undefined;
}

export interface ReverseInput {
  wanted: WantedConnection;
  /** Where a configuration file names environments and teams: whose components may be read. */
  readable?: Readable | undefined;
  references: References;
  retry: Retry;
}
