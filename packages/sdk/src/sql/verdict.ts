// What an error means for a transaction: was it said by the server, and may the same work be tried again? Errors come as pg gives them or wrapped
// by whatever library the work used, so the whole chain of causes is looked at. Classes: PostgreSQL's appendix A (error codes).
import { sqlState } from '../idempotency/sql-state.ts';

/**
 * 'line': the connection is broken, or the server is going or not ready: nothing more will be heard on it.
 * 'again': the server undid the transaction for a reason that passes (a conflict, no connection to spare).
 * 'final': whoever asked must know.
 */
export type Verdict = 'line' | 'again' | 'final';

/** Serialization failure, deadlock, too many connections. */
const passing = new Set(['40001', '40P01', '53300']);
/** Administrator's shutdown, crash of another backend, not ready yet, idle for too long. */
const goings = new Set(['57P01', '57P02', '57P03', '57P05', '25P03']);
const brokenSockets = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ECONNABORTED', 'EHOSTUNREACH']);
const brokenWords = /^Connection terminated|not queryable|^timeout exceeded when trying to connect|^timeout expired/;
const depthMax = 5;

export function verdictOf(error: unknown): Verdict {
  const state = sqlState(error);
  if (state !== undefined) {
    if (severityOf(error) === 'PANIC') return 'line';
    if (goings.has(state) || state.startsWith('08')) return 'line';
    return passing.has(state) ? 'again' : 'final';
  }
  return isBrokenLine(error) ? 'line' : 'final';
}

/** A write met a standby: the one that was the primary a moment ago, on a connection that nobody cut yet. */
export function isReadOnlyRefusal(error: unknown): boolean {
  return sqlState(error) === '25006';
}

/**
 * Of an error that came instead of the answer to a commit: true when it does not say what became of it. A shutdown can come after the
 * commit was written and before the standbys had it, so a FATAL is no answer.
 */
export function isCommitUnknown(error: unknown): boolean {
  return sqlState(error) === undefined || verdictOf(error) === 'line' || severityOf(error) === 'FATAL';
}

function severityOf(error: unknown): unknown {
  return (error as { severity?: unknown } | undefined)?.severity;
}

function isBrokenLine(error: unknown): boolean {
  let at = error;
  for (let depth = 0; depth < depthMax && typeof at === 'object' && at !== null; depth++) {
    const { code, message, cause, driverError } = at as Record<string, unknown>;
    if (typeof code === 'string' && brokenSockets.has(code)) return true;
    if (typeof message === 'string' && brokenWords.test(message)) return true;
    at = cause ?? driverError;
  }
  return false;
}
