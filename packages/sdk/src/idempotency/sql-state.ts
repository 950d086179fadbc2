// PostgreSQL's five-character verdict, wherever a library has put it: on the error, on its cause, on the driver's error inside.

const depthMax = 5;
const state = /^[0-9A-Z]{5}$/;

/** '25P02', '42P01', ...; undefined when the server said nothing (the connection broke). */
export function sqlState(error: unknown): string | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < depthMax && typeof at === 'object' && at !== null; depth++) {
    const { code, cause, driverError, meta } = at as Record<string, unknown>;
    if (typeof code === 'string' && state.test(code) && !code.startsWith('P2')) return code;
    // Prisma keeps it beside its own code (P2010: a raw query failed).
    const inner = (meta as { code?: unknown } | undefined)?.code;
    if (typeof inner === 'string' && state.test(inner)) return inner;
    at = cause ?? driverError;
  }
  return undefined;
}
