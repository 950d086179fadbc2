// The word from one counter to the next that the purse is closed: where policies are nested, an inner one that may pay for no other try hands
// the failure up as it is, and the outer one must not pay in its place. The note is kept beside the error, not on it, and says who wrote it
// and when: one error object that is thrown again and again is bound by nothing that was said of it in an earlier try.

interface Note {
  readonly by: object;
  readonly atMs: number;
}

const notes = new WeakMap<object, Note>();

/** `by` has no coin left for a retry after `error`. */
export function noteClosedPurse(error: unknown, note: Note): void {
  if (typeof error === 'object' && error !== null) notes.set(error, note);
}

/** Whether another policy than `by` has refused a retry after `error` since `sinceMs`. */
export function isPurseClosed(error: unknown, { by, sinceMs }: { by: object; sinceMs: number }): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const note = notes.get(error);
  return note !== undefined && note.by !== by && note.atMs >= sinceMs;
}
