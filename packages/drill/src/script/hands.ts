// What a drill script needs of the place it is played in. The simulator has such hands (sim/script-hands.ts), and so has a system that
// runs (live/script-hands.ts). Times are `Stamp.mono` of that place.
import type { SystemView } from '@hale/model';
import type { DrillAction, DrillScript } from './language.ts';

export interface DrillHands {
  /** 'simulated', 'process', ...: written into the result. */
  readonly platform: string;
  readonly seed: number;
  /** How often the picture is looked at. */
  readonly lookEveryMs: number;
  /**
   * How long an ending may take that the script expects within `withinMs`: as written in the simulator, longer on a machine
   * that also makes the load and does who knows what else. How long it took stands in the line, and benchmarks judge that.
   */
  mayTakeMs(withinMs: number): number;
  /** Milliseconds on the clock that incidents are stamped with. */
  now(): number;
  /** Brings the crowd, where there is one. */
  begin(script: DrillScript): Promise<void>;
  /** Breaks or orders what the script says; gives the moment it was done. Throws a HaleError when it cannot be done here. */
  perform(action: DrillAction): Promise<number>;
  /** Lets `ms` pass. */
  wait(ms: number): Promise<void>;
  /** True when a person wants no more of this. */
  isInterrupted(): boolean;
  /** The present picture; undefined while nobody answers. */
  view(): Promise<SystemView | undefined>;
  /** Sends the crowd home and audits its books; undefined where there was none. */
  finish(): Promise<LoadAccount | undefined>;
  /** Puts back what would not heal by itself. Called at the end whatever happened. */
  undo(): Promise<void>;
}

/** What the load generator's own ledger says. */
export interface LoadAccount {
  readonly total: number;
  readonly failed: number;
  /** Connections that broke after the request was sent. */
  readonly severed: number;
  /** Due, and not sent: the generator was not fast enough. */
  readonly unsent: number;
  /** Tries that the gateway made again. */
  readonly retried: number;
  /** Requests a second that were really sent. */
  readonly rps: number;
  readonly steadyP99Ms: number | undefined;
  readonly faultP99Ms: number | undefined;
  /** Records that were acknowledged and are not in the books. */
  readonly lost: number;
  /** Records that are in the books twice. */
  readonly doubled: number;
  /** The first reasons of what failed, for a person. */
  readonly reasons: readonly string[];
}
