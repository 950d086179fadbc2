// The one error that leaves a room's edge: it says what happened, and what to type next.
// Programmer errors use assert instead; operating errors inside the brain are data, not errors.

export interface HaleErrorInit {
  /** Stable: HALE_<ROOM>_<WHAT>, listed in docs/reference/errors.md. */
  readonly code: `HALE_${string}`;
  readonly message: string;
  /** The next thing to type or to change. */
  readonly hint: string;
  readonly retriable?: boolean;
  readonly cause?: unknown;
  readonly details?: Readonly<Record<string, unknown>>;
}

export class HaleError extends Error {
  readonly code: `HALE_${string}`;
  readonly hint: string;
  readonly retriable: boolean;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(init: HaleErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'HaleError';
    this.code = init.code;
    this.hint = init.hint;
    this.retriable = init.retriable ?? false;
    this.details = init.details ?? {};
  }
}

/** True for a HaleError of any copy of this package. */
export function isHaleError(value: unknown): value is HaleError {
  return (
    value instanceof Error &&
    typeof (value as { code?: unknown }).code === 'string' &&
    (value as HaleError).code.startsWith('HALE_')
  );
}

/** A finding of a parser: all problems are reported at once, each with where it stands and what to do. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** Dotted path in the declaration, e.g. `services.orders.uses[0]`; '' for the whole. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
  /** 1-based line in the file, where it could be found. */
  readonly line?: number;
}

/** What parsing gives: a value (absent when it cannot be used) and everything that was noticed. */
export interface Parsed<T> {
  readonly value: T | undefined;
  readonly problems: readonly Problem[];
}
