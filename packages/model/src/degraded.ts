// What a service says of itself while it answers by a fallback: open, but something is missing. One notice a thing that is missing.

export interface DegradedNotice {
  /** What is missing, as the service calls it: usually the name of another service. */
  readonly name: string;
  readonly cause: string;
  /** Unix milliseconds. */
  readonly since: number;
}

export const degradedNoticesMax = 64;

/** Reads what a service wrote (never trusted): the notices that are well-formed, cut to size; none of them where nothing is. */
export function parseDegradedNotices(value: unknown): readonly DegradedNotice[] {
  const listed = (value as { v?: unknown; degraded?: unknown } | null | undefined)?.degraded;
  if (!Array.isArray(listed)) return [];
  return listed.slice(0, degradedNoticesMax).flatMap((one: Partial<DegradedNotice> | null) => {
    if (typeof one?.name !== 'string' || typeof one.cause !== 'string' || typeof one.since !== 'number') return [];
    return [{ name: one.name.slice(0, 200), cause: one.cause.slice(0, 200), since: one.since }];
  });
}
