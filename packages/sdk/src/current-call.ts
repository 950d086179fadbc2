// The tray a waiter carries: all that belongs to the request being answered lies on it, wherever in the kitchen the work goes on.
// Calls made while answering read their deadline, priority, purse and trace from it, and are given up when the guest has left.
// Once the answer is out the tray is empty: what goes on in the background is bound by nobody's patience.
import { AsyncLocalStorage } from 'node:async_hooks';
import { hash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type Clock, createRng, randomSeed } from '@hale/base';
import {
  createRetryPurse,
  degradedHeader,
  formatDegraded,
  type Priority,
  type RetryPurse,
  retriesSpentHeader,
} from '@hale/resilience';
import type { InboundWords } from './inbound-words.ts';
import { beginTrace } from './trace.ts';

/** What is known of the request that is being answered. */
export interface CurrentCall {
  /** Aborts when the caller has gone before its answer was finished. Made when first read. */
  readonly signal: AbortSignal;
  /** True as soon as the caller has gone; cheaper than the signal, for loops. */
  readonly isGone: boolean;
  readonly priority: Priority;
  /** The caller's Idempotency-Key. */
  readonly idempotencyKey: string | undefined;
  /** The caller's trace, or one begun here. */
  readonly traceparent: string;
  readonly tracestate: string | undefined;
  readonly baggage: string | undefined;
  /** Milliseconds that the caller will still wait for its answer to begin; Infinity when it did not say. */
  remainingMs(): number;
  /** Says in the answer (`x-hale-degraded`) that something is missing from it. Too late once the head was sent. */
  degraded(name: string): void;
}

const storage = new AsyncLocalStorage<InboundCall>();
const rng = createRng(randomSeed());
const degradedNamesMax = 16;
const childKeysMax = 1_000;

/**
 * The request that is being answered here, or undefined outside of any (a timer of your own, the start of the program).
 *
 * @example
 * const rows = await db.query(text, { signal: currentCall()?.signal });
 */
export function currentCall(): CurrentCall | undefined {
  return storage.getStore();
}

/** The same, with what the client needs of it. */
export function inboundCall(): InboundCall | undefined {
  return storage.getStore();
}

/** Runs `fn`, and all that it begins, as work for `call`. */
export function runInCall<T>(call: InboundCall, fn: () => T): T {
  return storage.run(call, fn);
}

/** Takes the words of a request and the answer that is awaited. */
export class InboundCall implements CurrentCall {
  readonly priority: Priority;
  readonly idempotencyKey: string | undefined;
  readonly tracestate: string | undefined;
  readonly baggage: string | undefined;
  /** Mono ms; Infinity when the caller did not say. */
  readonly dueMs: number;
  /** What all calls below this request may spend on retries together; undefined: nobody above counts. */
  readonly purse: RetryPurse | undefined;
  isGone = false;
  private readonly clock: Clock;
  private readonly res: ServerResponse;
  private trace: string | undefined;
  private controller: AbortController | undefined = undefined;
  private leavers: Set<() => void> | undefined = undefined;
  private missing: string[] | undefined = undefined;
  private childKeys: Map<string, number> | undefined = undefined;
  private isOver = false;

  constructor(said: InboundWords, res: ServerResponse, clock: Clock) {
    this.priority = said.priority;
    this.idempotencyKey = said.key;
    this.tracestate = said.tracestate;
    this.baggage = said.baggage;
    this.dueMs = said.patienceMs === undefined ? Number.POSITIVE_INFINITY : clock.mono() + said.patienceMs;
    this.purse = said.retriesLeft === undefined ? undefined : createRetryPurse(said.retriesLeft);
    this.trace = said.traceparent;
    this.clock = clock;
    this.res = res;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.isGone) this.controller.abort(callerGone());
    }
    return this.controller.signal;
  }

  get traceparent(): string {
    this.trace ??= beginTrace(rng);
    return this.trace;
  }

  /** When whatever is done for the caller must be over (mono ms); Infinity once its answer has begun, which is what patience is about. */
  get boundMs(): number {
    return !this.isGone && (this.isOver || this.res.headersSent) ? Number.POSITIVE_INFINITY : this.dueMs;
  }

  remainingMs(): number {
    return Math.max(0, this.dueMs - this.clock.mono());
  }

  degraded(name: string): void {
    this.missing ??= [];
    if (this.missing.includes(name) || this.missing.length >= degradedNamesMax) return;
    this.missing.push(name);
    this.say(degradedHeader, formatDegraded(this.missing.join(', ')));
  }

  /** Tells the caller what was spent on retries so far; too late once the head was sent. */
  tellSpent(): void {
    const spent = this.purse?.spent ?? 0;
    if (spent > 0) this.say(retriesSpentHeader, String(spent));
  }

  /**
   * A key for a call made for this request, the same each time the request is worked on again: the n-th call of `site` under the
   * caller's key. Undefined when the caller gave none.
   */
  childKey(site: string): string | undefined {
    if (this.idempotencyKey === undefined) return undefined;
    this.childKeys ??= new Map();
    const ordinal = (this.childKeys.get(site) ?? 0) + 1;
    if (this.childKeys.size < childKeysMax || ordinal > 1) this.childKeys.set(site, ordinal);
    return `hale-${hash('sha256', `${this.idempotencyKey}\n${site}\n${ordinal}`, 'base64url')}`;
  }

  /** `fn` is called once if the caller goes; take it back with `offGone`. */
  onGone(fn: () => void): void {
    this.leavers ??= new Set();
    this.leavers.add(fn);
  }

  offGone(fn: () => void): void {
    this.leavers?.delete(fn);
  }

  /** The connection of the answer is done with it: finished, or the caller has left. */
  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.res.writableFinished) return;
    this.isGone = true;
    this.controller?.abort(callerGone());
    for (const leave of this.leavers ?? []) leave();
    this.leavers = undefined;
  }

  private say(header: string, value: string): void {
    if (!this.res.headersSent && !this.res.writableEnded) this.res.setHeader(header, value);
  }
}

/** A shared reason: an Error with its stack for each would cost more than what it stops. */
const gone = new DOMException('the caller has gone', 'AbortError');

export function callerGone(): DOMException {
  return gone;
}
