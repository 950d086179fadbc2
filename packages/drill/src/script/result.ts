// The last line of a drill (DESIGN section 7): what happened, in figures that scripts can read.

export interface DrillLine {
  readonly drill: string;
  readonly seed: number;
  readonly platform: string;
  readonly n: number;
  readonly verdict: 'healed' | 'escalated' | 'failed';
  /** Milliseconds from the fault to the first suspicion; undefined where nothing is suspected. */
  readonly suspectedMs: number | undefined;
  readonly detectedMs: number | undefined;
  readonly isolatedMs: number | undefined;
  /** From the fault to the ending verified by its symptom. */
  readonly recoveredMs: number | undefined;
  /** From the fault to the first picture in which another node of a database is its primary. */
  readonly failedOverMs?: number | undefined;
  /** Undefined where no load was generated. */
  readonly requests: DrillRequests | undefined;
  /** Records that are there twice. */
  readonly duplicates: number;
  readonly ackedLost: number;
  /** Units of which more were missing than the fault took away (INV-03). */
  readonly budgetBreaches: number;
  /** Replicas with another life although nobody broke them and nobody ordered it. */
  readonly falseActions: number;
  readonly incident: string | undefined;
  /** What a referee or an expectation is not content with, in words; empty when the verdict stands. */
  readonly complaints: readonly string[];
}

export interface DrillRequests {
  readonly total: number;
  readonly failed: number;
  readonly severed: number;
  readonly retried: number;
  /** Requests a second that were really sent. */
  readonly rps: number;
  readonly steadyP99Ms: number | undefined;
  readonly faultP99Ms: number | undefined;
}
