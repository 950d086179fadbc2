// The judge of failures: what a failed try says about the other side, and whether another try makes sense. The default knows HTTP statuses,
// network errors, Hale's refusals and plain bugs; what it does not know counts as a failure that may be tried again. Yours may replace it.
import { isHaleError } from '@hale/base';
import { parseRetryAfter } from './backoff.ts';

/** What an error, or an answer that is one, means. */
export interface Verdict {
  /** Counts against the other side: the breaker hears of it. */
  readonly isFailure: boolean;
  /** Another try may help and does no harm. */
  readonly mayRetry: boolean;
  /** The other side has too much to do: an adaptive limit and the client throttle hear of it. */
  readonly isOverload: boolean;
  /** The other side's own word on when. */
  readonly retryAfterMs?: number | undefined;
}

export type Classify = (error: unknown, wallMs: number) => Verdict;

const verdict = (isFailure: boolean, mayRetry: boolean, isOverload = false): Verdict =>
  Object.freeze({ isFailure, mayRetry, isOverload });

export const verdicts = {
  /** Broken, worth another try. */
  failed: verdict(true, true),
  /** Broken, and another try would end the same way. */
  final: verdict(true, false),
  /** Says nothing about the other side, and another try would end the same way: a bad request, a bug here, an abort. */
  ours: verdict(false, false),
  /** Turned away for overload. */
  overload: verdict(true, true, true),
  /** Turned away without a fault: it drains, ask the next one. */
  elsewhere: verdict(false, true),
} as const;

/** `x-hale-refused` (decision 0005) to its meaning. */
const refusals: Readonly<Record<string, Verdict>> = {
  deadline: verdicts.ours,
  shed: verdicts.overload,
  limit: verdicts.overload,
  draining: verdicts.elsewhere,
  open: verdicts.final,
  retries: verdicts.final,
  undone: verdicts.failed,
};

/**
 * Refusals of a policy further in, in this process. Its open breaker and its throttle say that what is behind them cannot be used. Its
 * own limit says nothing of the kind; where there is room elsewhere, or later, that may be tried. The others are this program's doing.
 */
const inner: Readonly<Record<string, Verdict>> = {
  HALE_RESILIENCE_OPEN: verdicts.final,
  HALE_RESILIENCE_THROTTLED: verdicts.final,
  HALE_RESILIENCE_FULL: verdicts.elsewhere,
  HALE_RESILIENCE_TIMEOUT: verdicts.overload,
};

/** Reads `error.refused`, `error.status` (or statusCode) and `error.retryAfter` where there are such; see the table in the README. */
export const classifyError: Classify = (error, wallMs) => {
  if (typeof error !== 'object' || error === null) return verdicts.failed;
  const told = error as ErrorFields;
  if (isHaleError(error) && error.code.startsWith('HALE_RESILIENCE_')) return inner[error.code] ?? verdicts.ours;
  const refused = told.refused ?? told.details?.refused;
  if (typeof refused === 'string' && Object.hasOwn(refusals, refused)) return refusals[refused]!;
  if (told.name === 'AbortError') return verdicts.ours;
  if (told.name === 'TimeoutError') return verdicts.overload;
  if (isHaleError(error)) return classifyHaleError(error.code, error.retriable);
  const status = told.status ?? told.statusCode;
  if (typeof status === 'number') return classifyStatus(status, retryAfterOf(told), wallMs);
  return isBug(error, told) ? verdicts.ours : verdicts.failed;
};

/** For answers that carry their failure as a status: what a `Response` of fetch means; undefined where it is an answer like any other. */
export function classifyResponse(answer: unknown, wallMs: number): Verdict | undefined {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const { status, headers } = answer as ErrorFields;
  if (typeof status !== 'number' || status < 400) return undefined;
  const field = (name: string) => headers?.get?.(name) ?? undefined;
  const refused = field('x-hale-refused');
  if (refused !== undefined && Object.hasOwn(refusals, refused)) return refusals[refused];
  return classifyStatus(status, field('retry-after'), wallMs);
}

interface ErrorFields {
  readonly name?: unknown;
  readonly status?: unknown;
  readonly statusCode?: unknown;
  readonly refused?: unknown;
  readonly retryAfter?: unknown;
  readonly cause?: unknown;
  readonly headers?: { get?(name: string): string | null; readonly [name: string]: unknown } | undefined;
  readonly details?: { readonly refused?: unknown } | undefined;
}

function classifyHaleError(code: string, retriable: boolean): Verdict {
  if (code.endsWith('_TIMEOUT')) return verdicts.overload;
  return retriable ? verdicts.failed : verdicts.final;
}

function classifyStatus(status: number, retryAfter: string | undefined, wallMs: number): Verdict {
  if (status === 429 || status === 503) {
    const retryAfterMs = parseRetryAfter(retryAfter, wallMs);
    return retryAfterMs === undefined ? verdicts.overload : { ...verdicts.overload, retryAfterMs };
  }
  if (status === 408 || status === 425) return verdicts.elsewhere;
  if (status < 500) return verdicts.ours;
  return status === 501 || status === 505 ? verdicts.final : verdicts.failed;
}

function retryAfterOf(told: ErrorFields): string | undefined {
  const value = told.retryAfter ?? told.headers?.get?.('retry-after') ?? told.headers?.['retry-after'];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** A mistake in this program, which no retry mends. `fetch` reports network errors as a TypeError too, but with a cause. */
function isBug(error: object, told: ErrorFields): boolean {
  if (error instanceof TypeError) return told.cause === undefined;
  return error instanceof ReferenceError || error instanceof SyntaxError || error instanceof RangeError;
}
