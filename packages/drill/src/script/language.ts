// The words of a drill script and what they mean once read. One line, one thing; the same text runs in the simulator and on a
// system that runs (see hands.ts). parse.ts reads it, run.ts plays it.
import type { ReplicaId, UnitName } from '@hale/model';

/** What is broken, or ordered, on purpose. */
export type DrillAction =
  | { readonly kind: 'kill'; readonly replica: ReplicaId; readonly signal: string }
  | { readonly kind: 'exit'; readonly replica: ReplicaId; readonly code: number }
  | { readonly kind: 'stop'; readonly replica: ReplicaId }
  | { readonly kind: 'block'; readonly replica: ReplicaId; readonly forMs: number }
  | { readonly kind: 'kill-every'; readonly unit: UnitName }
  | { readonly kind: 'kill-control' }
  | { readonly kind: 'kill-keeper' }
  /** New lives of the unit exit soon after they start; begins with one that runs. */
  | { readonly kind: 'crash-loop'; readonly unit: UnitName; readonly forMs: number }
  /** New lives of the unit never get ready to serve; begins with the death of one that runs. */
  | { readonly kind: 'slow-start'; readonly unit: UnitName; readonly forMs: number }
  /** Probes fail although all is well; of one unit or of all. */
  | { readonly kind: 'bad-probe'; readonly unit: UnitName | 'all'; readonly forMs: number }
  | { readonly kind: 'restart'; readonly unit: UnitName };

/** How it must end. */
export type DrillExpectation =
  /** Every incident about the fault is closed as healed, and all serve. */
  | { readonly kind: 'healed'; readonly withinMs: number }
  /** Somebody fell under suspicion. */
  | { readonly kind: 'suspected'; readonly withinMs: number }
  /** Given up for now, and a person was asked. */
  | { readonly kind: 'held'; readonly withinMs: number }
  /** The incident accuses the observer or a shared dependency. */
  | { readonly kind: 'observer-blamed'; readonly withinMs: number }
  /** Another control room leads, all serve, and nothing was started anew. */
  | { readonly kind: 'adopted'; readonly withinMs: number }
  /** Every replica of the unit is a new one, and all serve. */
  | { readonly kind: 'rolled'; readonly withinMs: number }
  /** At most this many lives were started by the healer until the end. */
  | { readonly kind: 'restarts'; readonly max: number }
  /** At most this many requests failed; judged only where there is load. */
  | { readonly kind: 'failed'; readonly max: number };

export interface DrillScript {
  readonly name: string;
  /** The declared system it plays on; 'shop' is the one of the examples. */
  readonly system: string;
  readonly load: { readonly perSecond: number; readonly forMs: number } | undefined;
  readonly actions: readonly { readonly atMs: number; readonly action: DrillAction; readonly line: number }[];
  readonly expectations: readonly DrillExpectation[];
  /** How long it is watched; at least until the last expectation's time. */
  readonly forMs: number;
}
