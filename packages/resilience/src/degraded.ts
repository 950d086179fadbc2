// The "kitchen closed, cold dishes only" sign: a fallback that answers hangs it out, with what is missing and since when; the first answer
// of the real thing takes it down, and so does time when nobody asks any more. Health, `ps` and the graph read it. A set of signs with a bound; no timer.

/** One thing that is answered by fallback at present. */
export interface DegradedPart {
  /** What is missing, e.g. the name of the service or policy. */
  readonly name: string;
  /** The message of the error for which the last fallback answered. */
  readonly cause: string;
  /** When it began and when a fallback answered last (mono ms). */
  readonly sinceMs: number;
  readonly lastMs: number;
  /** Fallback answers since then. */
  readonly answers: number;
}

export type DegradedState =
  | { readonly kind: 'whole' }
  | { readonly kind: 'degraded'; readonly parts: readonly DegradedPart[] };

export interface DegradedRegistry {
  /** A fallback answered for `name` because of `cause`. True when that is news. */
  degraded(name: string, cause: string, nowMs: number): boolean;
  /** The real thing answered. True when that is news. */
  whole(name: string): boolean;
  state(nowMs: number): DegradedState;
}

/** Names held at most; one more takes the place of the longest silent. */
const partsMax = 256;
const causeLengthMax = 200;

/** Signs hang for `holdMs` (30,000) after the last fallback answer. */
export function createDegradedRegistry(holdMs = 30_000): DegradedRegistry {
  const parts = new Map<string, DegradedPart>();
  return {
    degraded(name, cause, nowMs) {
      const before = parts.get(name);
      const holds = before !== undefined && nowMs - before.lastMs <= holdMs;
      // Set anew, so the map stays in order of silence.
      parts.delete(name);
      const head = holds ? { sinceMs: before.sinceMs, answers: before.answers + 1 } : { sinceMs: nowMs, answers: 1 };
      parts.set(name, { name, cause: cause.slice(0, causeLengthMax), lastMs: nowMs, ...head });
      if (parts.size > partsMax) parts.delete(parts.keys().next().value!);
      return !holds;
    },
    whole: (name) => parts.delete(name),
    state(nowMs) {
      for (const [name, part] of parts) if (nowMs - part.lastMs > holdMs) parts.delete(name);
      return parts.size === 0 ? { kind: 'whole' } : { kind: 'degraded', parts: [...parts.values()] };
    },
  };
}
