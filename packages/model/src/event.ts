// Everything that may reach the brain. Past facts only; each carries the time it was taken at, because the
// brain reads no clock (INV-01). Dropping any one observation changes no settled state: the next full one says it again.
import type { Stamp } from '@hale/base';
import type { CommandId, IncidentId, ReplicaId, UnitName } from './names.ts';
import type { Observation } from './observation.ts';
import type { UnitSpec } from './unit.ts';

/** Version of the shapes in this file; a journal entry carries the one it was written with. */
export const eventVersion = 1;

export type HaleEvent = { readonly at: Stamp } & EventBody;

export type EventBody =
  /** A control process has become the leader. The seed feeds every random choice of this term. */
  | { readonly kind: 'LeaderElected'; readonly epoch: number; readonly seed: number }
  /** What is wanted now. `release` grows by one for each changed declaration. */
  | { readonly kind: 'SystemDeclared'; readonly release: number; readonly units: readonly UnitSpec[] }
  | { readonly kind: 'Observed'; readonly observation: Observation }
  /** Control's own loop was late by `lagMs`: what was observed in that window is unknown. */
  | { readonly kind: 'ObserverLagged'; readonly lagMs: number }
  | { readonly kind: 'TimePassed' }
  | { readonly kind: 'OrderReceived'; readonly id: string; readonly by: string; readonly order: Order }
  | { readonly kind: 'CommandFinished'; readonly command: CommandId; readonly result: CommandResult };

/** What a person or a drill may ask for. Every order passes the one budget. */
export type Order =
  | { readonly kind: 'restart'; readonly unit: UnitName; readonly replica: ReplicaId | undefined }
  /** A database moves to another region (`region` is its name), and may lack what its node there has not received. */
  | { readonly kind: 'failover'; readonly unit: UnitName; readonly region: string }
  | { readonly kind: 'scale'; readonly unit: UnitName; readonly replicas: number }
  /** Out of rotation and stopped, until `undrain`. */
  | { readonly kind: 'drain'; readonly replica: ReplicaId }
  | { readonly kind: 'undrain'; readonly replica: ReplicaId }
  /** Stop everything in reverse start order; the system stays down until a new SystemDeclared. */
  | { readonly kind: 'shutdown' }
  /** A held unit may try again. */
  | { readonly kind: 'resume'; readonly unit: UnitName }
  | { readonly kind: 'acknowledge'; readonly incident: IncidentId };

export type CommandResult =
  /** `logEnd`: where the log of a fenced standby ends, in bytes (the LSN as a number). */
  | { readonly kind: 'done'; readonly logEnd?: number }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string }
  /** Refused by the executor: a lower epoch than it has seen. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'timeout' };
