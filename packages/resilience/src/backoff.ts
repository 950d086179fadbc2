// How long to breathe before the next try, so that those who failed together do not come back together. Decorrelated: somewhere between
// the base and thrice the last wait; full: anywhere below a ceiling that doubles (Marc Brooker, "Exponential backoff and jitter", 2015).
// The other side's own word (Retry-After, RFC 9110 section 10.2.3) outweighs both, up to a bound. Pure arithmetic; dice are handed in.

export interface BackoffSettings {
  /** Default `decorrelated`. `constant` has no jitter: for tests and for those who know why. */
  readonly kind?: 'decorrelated' | 'full' | 'constant' | undefined;
  /** Default 128 ms. */
  readonly baseMs?: number | undefined;
  /** Never longer; default 30,000 ms. */
  readonly maxMs?: number | undefined;
}

/** Wait before retry `retry` (1 for the first), after the last wait of `lastMs`; `unit` is a draw in [0, 1). */
export function backoffMs(settings: BackoffSettings, step: { retry: number; lastMs: number; unit: number }): number {
  const { kind = 'decorrelated', baseMs = 128, maxMs = 30_000 } = settings;
  if (kind === 'constant') return Math.min(maxMs, baseMs);
  if (kind === 'full') return step.unit * Math.min(maxMs, baseMs * 2 ** Math.min(40, step.retry - 1));
  const highest = Math.max(baseMs, step.lastMs) * 3;
  return Math.min(maxMs, baseMs + step.unit * (highest - baseMs));
}

/** Milliseconds of a Retry-After value: seconds or an HTTP date; undefined where it is neither. */
export function parseRetryAfter(value: string | null | undefined, wallMs: number): number | undefined {
  if (value === null || value === undefined || value.trim() === '') return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallMs);
}
