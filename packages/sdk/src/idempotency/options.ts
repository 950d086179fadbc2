// The counter's house rules: which requests need a ticket, how long tickets are kept, how much is stored. Impossible ones are refused
// when the counter opens, all that is wrong named at once.
import { type Clock, createSystemClock } from '@hale/base';
import { keyError } from './errors.ts';
import type { OnceResult } from './once.ts';
import type { IdempotencyStore } from './store.ts';

/** What every framework can tell of a request. */
export interface KeyedRequest {
  readonly method: string;
  /** Path and query as they were asked for. */
  readonly url: string;
  header(name: string): string | readonly string[] | undefined;
  /** Bytes, text, or what a parser made of them; undefined: none. */
  readonly body: unknown;
}

export interface IdempotencyEvent {
  readonly kind: OnceResult['kind'] | 'refused';
  /** The status that the caller got. */
  readonly status: number;
  /** Set where the caller got a problem. */
  readonly code: string | undefined;
  readonly cause: unknown;
}

export interface IdempotencyOptions<Tx> {
  readonly store: IdempotencyStore<Tx>;
  /** Whose keys these are: services that share a table need a name each. Default 'default'. */
  readonly scope?: string;
  /** Default POST and PATCH: the others are idempotent by themselves, and pass untouched. */
  readonly methods?: readonly string[];
  /** Default true: a request without a key is answered 400. False: it runs in a transaction too, but nothing of it is remembered. */
  readonly required?: boolean | ((request: KeyedRequest) => boolean);
  /** Default 'service': one key names one request, wherever it goes. 'route': the same key on another path is another request. */
  readonly keysPer?: 'service' | 'route';
  /** Who asks (a user or tenant id). Without it, who guesses a key and its payload is given the answer that was meant for another. */
  readonly caller?: (request: KeyedRequest) => string | undefined;
  /** Headers that change what a request means (say, 'x-tenant'): part of the payload that must be the same. */
  readonly fingerprintHeaders?: readonly string[];
  /** Headers of an answer that are repeated with it, besides the usual ones of content, caching and place. Never 'set-cookie' by itself. */
  readonly replayedHeaders?: readonly string[];
  /** How long an answer is remembered. Default 24 hours; afterwards the same key is a new request. */
  readonly ttlMs?: number;
  /** How long a second request waits for the first before it is answered 409. Default 200; 0: at once. */
  readonly waitMs?: number;
  /**
   * Whether an answer is final. Default: below 500, except 408, 425 and 429. The work behind an answer that is not final is
   * rolled back, and the key stays free.
   */
  readonly keeps?: (status: number) => boolean;
  /** Default 1 MiB. A larger answer is a 500, and its work is rolled back: it could not be repeated. */
  readonly answerBytesMax?: number;
  /** Where the middleware reads the body itself (bare node:http, Hono). Default 1 MiB. */
  readonly bodyBytesMax?: number;
  /** Longest wait for the database to claim a key, and again to commit. Default 2,000. */
  readonly storeTimeoutMs?: number;
  /** Longest time a handler has. Default 30,000. */
  readonly workTimeoutMs?: number;
  /** Longest search for the outcome of a commit whose answer was lost. Default: the lease and 2,000 more. */
  readonly resolveMs?: number;
  /** Hears what every keyed request came to. */
  readonly onEvent?: (event: IdempotencyEvent) => void;
  readonly clock?: Clock;
}

export type IdempotencySettings<Tx> = Required<Omit<IdempotencyOptions<Tx>, 'caller' | 'onEvent'>> &
  Pick<IdempotencyOptions<Tx>, 'caller' | 'onEvent'>;

const dayMs = 86_400_000;
const mebibyte = 1_048_576;
/** Asked to try again, so the next try must not get the same refusal for a day. */
const passing = new Set([408, 425, 429]);

/** Throws HALE_SDK_KEY_OPTION_INVALID. */
export function readOptions<Tx>(options: IdempotencyOptions<Tx>): IdempotencySettings<Tx> {
  const settings: IdempotencySettings<Tx> = {
    scope: 'default',
    methods: ['POST', 'PATCH'],
    required: true,
    keysPer: 'service',
    fingerprintHeaders: [],
    replayedHeaders: [],
    ttlMs: dayMs,
    waitMs: 200,
    keeps: (status) => status < 500 && !passing.has(status),
    answerBytesMax: mebibyte,
    bodyBytesMax: mebibyte,
    storeTimeoutMs: 2_000,
    workTimeoutMs: 30_000,
    resolveMs: options.store.leaseMs + 2_000,
    clock: createSystemClock(),
    ...options,
  };
  const bounds: readonly [keyof IdempotencySettings<Tx>, number, number][] = [
    ['ttlMs', 1_000, 366 * dayMs],
    ['waitMs', 0, 60_000],
    ['answerBytesMax', 1, 64 * mebibyte],
    ['bodyBytesMax', 1, 64 * mebibyte],
    ['storeTimeoutMs', 10, 60_000],
    ['workTimeoutMs', 10, 3_600_000],
    ['resolveMs', 0, 600_000],
  ];
  const wrong = bounds
    .filter(([name, min, max]) => {
      const value = settings[name] as number;
      return !Number.isInteger(value) || value < min || value > max;
    })
    .map(([name, min, max]) => `${name} is ${String(settings[name])}: a whole number from ${min} to ${max}`);
  if (settings.scope.length === 0 || settings.scope.length > 255) wrong.push('scope has 1 to 255 characters');
  if (settings.keysPer !== 'service' && settings.keysPer !== 'route') wrong.push("keysPer is 'service' or 'route'");
  if (wrong.length > 0) throw keyError('HALE_SDK_KEY_OPTION_INVALID', wrong.join('; '));
  return settings;
}
