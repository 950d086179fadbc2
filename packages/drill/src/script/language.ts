// The words of a drill script and what they mean once read. One line, one thing; the same text runs in the simulator and on a
// system that runs (see hands.ts). parse.ts reads it, draw.ts throws its dice, run.ts plays it, judge.ts says how it went.
import type { ReplicaId, UnitName } from '@hale/model';

/** What is broken, or ordered, on purpose. A replica `pricing/?` is drawn by the seed: the same one in the whole script. */
export type DrillAction =
  | { readonly kind: 'kill'; readonly replica: ReplicaId; readonly signal: string }
  | { readonly kind: 'exit'; readonly replica: ReplicaId; readonly code: number }
  | { readonly kind: 'stop'; readonly replica: ReplicaId }
  | { readonly kind: 'block'; readonly replica: ReplicaId; readonly forMs: number }
  | { readonly kind: 'kill-every'; readonly unit: UnitName }
  | { readonly kind: 'kill-control' }
  | { readonly kind: 'kill-keeper' }
  /** This replica exits, and so do its new lives soon after they start. */
  | { readonly kind: 'crash-loop'; readonly replica: ReplicaId; readonly forMs: number }
  /** This replica is killed, and its new lives never get ready to serve. */
  | { readonly kind: 'slow-start'; readonly replica: ReplicaId; readonly forMs: number }
  /** Probes fail although all is well; of one unit or of all. */
  | { readonly kind: 'bad-probe'; readonly unit: UnitName | 'all'; readonly forMs: number }
  | { readonly kind: 'restart'; readonly unit: UnitName }
  /** Whoever is the primary of that database cluster then; and with it, if so said, one of its standbys. */
  | {
      readonly kind: 'strike-primary';
      readonly unit: UnitName;
      readonly how: 'kill' | 'stop';
      readonly standbyToo: boolean;
    };

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
  /** Another node of a database cluster is its primary, and accepts writes. */
  | { readonly kind: 'failed-over'; readonly withinMs: number }
  /** At most this many lives were started by the healer until the end. */
  | { readonly kind: 'restarts'; readonly max: number }
  /** At most this many requests failed; judged only where there is load. */
  | { readonly kind: 'failed'; readonly max: number };

export interface PlannedAction {
  readonly atMs: number;
  readonly action: DrillAction;
  readonly line: number;
}

export interface DrillScript {
  readonly name: string;
  /** One sentence for whoever reads the list. */
  readonly about: string;
  /** The declared system it plays on; 'shop' is the one of the examples. */
  readonly system: string;
  /** Requests a second for as long as it is watched; undefined: none. */
  readonly loadPerSecond: number | undefined;
  /** In order of time. */
  readonly actions: readonly PlannedAction[];
  readonly expectations: readonly DrillExpectation[];
  /** How long it is watched; at least until the last expectation's time. */
  readonly forMs: number;
}
