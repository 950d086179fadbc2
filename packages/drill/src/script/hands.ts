// What a drill script needs of the place it is played in. The simulator has such hands (simulated-hands.ts); a system that runs gets
// them from whoever may touch processes. Times are `Stamp.mono` of that place.
import type { SystemView } from '@hale/model';
import type { DrillAction } from './language.ts';

export interface DrillHands {
  /** 'simulated', 'process', ...: written into the result. */
  readonly platform: string;
  readonly seed: number;
  /** Milliseconds on the clock that incidents are stamped with. */
  now(): number;
  /** Breaks or orders what the script says. Throws a HaleError when it cannot be done here. */
  perform(action: DrillAction): Promise<void>;
  /** Lets `ms` pass. */
  wait(ms: number): Promise<void>;
  /** The present picture; undefined while nobody answers. */
  view(): Promise<SystemView | undefined>;
  /** Requests since the drill began; undefined where no load is generated (the simulator). */
  requests(): Promise<DrillRequests | undefined>;
}

export interface DrillRequests {
  readonly total: number;
  readonly failed: number;
  readonly severed: number;
  readonly retried: number;
}
