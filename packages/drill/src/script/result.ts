// The last line of a drill (DESIGN section 7): what happened, in figures that scripts can read.
import type { DrillRequests } from './hands.ts';

export interface DrillLine {
  readonly drill: string;
  readonly seed: number;
  readonly platform: string;
  readonly n: number;
  readonly verdict: 'healed' | 'escalated' | 'failed';
  readonly suspectedMs: number | undefined;
  readonly detectedMs: number | undefined;
  readonly isolatedMs: number | undefined;
  readonly recoveredMs: number | undefined;
  /** Undefined where no load was generated. */
  readonly requests: DrillRequests | undefined;
  readonly incident: string | undefined;
  /** Expectations that were not met, in words; empty when the verdict stands. */
  readonly complaints: readonly string[];
}
