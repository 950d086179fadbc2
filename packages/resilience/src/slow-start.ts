// A newcomer carries a little at first: its share of the traffic rises from a floor to the whole over a ramp, so that
// cold caches and an untouched JIT do not meet full load (Envoy's slow start: weight x max(floor, t^(1/aggression)), aggression 1).

export interface SlowStartOptions {
  /** How long the ramp lasts; 0 switches it off. */
  readonly rampMs: number;
  /** Share at the start, 0.1 = 10 %. */
  readonly floor: number;
}

/** The share of its weight that a host may carry `ageMs` after it came in: from `floor` to 1. */
export function rampShare(ageMs: number, options: SlowStartOptions): number {
  if (ageMs >= options.rampMs || options.rampMs <= 0) return 1;
  return Math.max(options.floor, ageMs / options.rampMs);
}
