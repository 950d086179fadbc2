// How long a primary has waited for its standbys, from look to look: it remembers up to where the log was when something was first seen to be on
// its disk alone, and forgets it when enough standbys have said that they have that much. What is judged is what arrived, never whether a connection
// is there: one that comes and goes looks well at every other look. Pure; node-link.ts asks the questions.

export interface Share {
  /** Enough standbys have said that they have everything up to here. What was said is not taken back when one of them goes. */
  readonly sharedEnd: number;
  /** What the primary had at that time, and not enough standbys have had since. */
  readonly owed: { readonly end: number; readonly atMs: number } | undefined;
}

/** `sharedEnd` of a look is undefined where too few standbys are connected. */
export function noteShare(
  before: Share | undefined,
  look: { readonly logEnd: number; readonly sharedEnd: number | undefined; readonly atMs: number },
): Share {
  const sharedEnd = Math.max(before?.sharedEnd ?? 0, look.sharedEnd ?? 0);
  const owed = before?.owed;
  if (owed !== undefined && sharedEnd < owed.end) return { sharedEnd, owed };
  const { logEnd, atMs } = look;
  return { sharedEnd, owed: logEnd > sharedEnd ? { end: logEnd, atMs } : undefined };
}

/** As of a look at `atMs`. */
export function unsharedMsOf({ owed }: Share, atMs: number): number {
  return owed === undefined ? 0 : Math.round(atMs - owed.atMs);
}
