// What Hale said of a database cluster, read from its own sentences as a person would read them: that its primary goes on alone, that it does no more,
// and what the primary of a term may lack. It knows nothing of the truth; no-acked-loss.ts compares.
import { parseBytes, parseDuration } from '@hale/base';

/** What was admitted of a primary: so many bytes that were seen, and all that was acknowledged in so long before. */
export interface Admission {
  readonly term: number;
  readonly bytes: number;
  readonly windowMs: number;
}

export interface Saying {
  /** From here on it goes on alone, or does no more; undefined: nothing was said of that. */
  readonly alone: boolean | undefined;
  readonly admission: Admission | undefined;
}

export function readSaying(text: string): Saying {
  const lacking = /the primary of term (\d+)(?:, and may lack |: it lacks )(.*)$/.exec(text);
  const goes = text.includes('goes on alone, and what it acknowledges');
  const alone = goes ? true : text.includes('writes wait for it again') || lacking !== null ? false : undefined;
  if (lacking === null) return { alone, admission: undefined };
  const [, term, rest = ''] = lacking;
  const size = /(?:up to|the last) ([\d.]+[kMG]?B)/.exec(rest)?.[1];
  const window = /in the (\S+) since/.exec(rest)?.[1];
  const bytes = size === undefined ? 0 : (parseBytes(size) ?? 0);
  return { alone, admission: { term: Number(term), bytes, windowMs: window === undefined ? 0 : msOf(window) } };
}

/** '1m30s' is two durations. */
function msOf(text: string): number {
  const parts = text.match(/[\d.]+[a-z]+/g) ?? [];
  return parts.reduce((sum, part) => sum + (parseDuration(part) ?? 0), 0);
}
