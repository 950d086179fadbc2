// The floor under our feet: a broken assumption of our own crashes the process, always, and the
// process is restarted. Never used for what users or the world may do.

/** Throws when `condition` is false. Stays on in production. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** For the default branch of a switch over a union: a compile error when a kind is missing. */
export function assertNever(value: never): never {
  throw new Error(`assertion failed: unexpected ${JSON.stringify(value)}`);
}
