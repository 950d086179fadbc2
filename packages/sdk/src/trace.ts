// The thread through the labyrinth: every request belongs to a trace, its caller's or one begun here, and each call made on its
// behalf is a span below it (W3C Trace Context). Records nothing; it only keeps the thread from breaking.
import type { Rng } from '@hale/base';

/** A new trace; marked as sampled, which is also what OpenTelemetry does where nobody decided. */
export function beginTrace(rng: Rng): string {
  return `00-${hex(rng, 8)}${hex(rng, 8)}${hex(rng, 8)}${hex(rng, 8)}-${hex(rng, 8)}${hex(rng, 8)}-01`;
}

/** The same trace with a new span, for a call below `traceparent`. */
export function childOf(traceparent: string, rng: Rng): string {
  return `00${traceparent.slice(2, 36)}${hex(rng, 8)}${hex(rng, 8)}${traceparent.slice(52)}`;
}

/** Never all zeros: that would be "no span". */
function hex(rng: Rng, digits: number): string {
  return Math.floor(1 + rng.unit() * 0xffff_fffe)
    .toString(16)
    .padStart(digits, '0');
}
