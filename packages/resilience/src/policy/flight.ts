// One call under a policy, from begin to end, as a state machine that promises and timers only poke. A chain of wrappers costs a closure
// and a promise a layer; this is one record, taken from a rack and put back when the callee has settled, with its callbacks sewn on.
//
//   idle ──begin──▶ (breaker) ──refused──▶ over            a flight whose callee still works when it is given up becomes a husk: it
//                      │ admitted                          stays away until the callee settles, so no late answer can reach
//                      ▼                                   another call; if there is to be a retry, an heir takes the call over
//                  queued ──turn──▶ running ──ok──▶ over
//                                     │ failed ──▶ backoff ──due──▶ (breaker) ...
// Timeout, abort and deadline can end it in any of queued, running and backoff, at once.

import type { Bulkhead } from '../bulkhead.ts';
import { type Verdict, verdicts } from '../classify.ts';
import { LazyContext } from '../lazy-signal.ts';
import type { Engine } from './engine.ts';
import { FlightRecord } from './flight-record.ts';
import type { Call, ExecuteOptions } from './types.ts';

const never = Number.POSITIVE_INFINITY;

export class Flight extends FlightRecord {
  /** The executor of the caller's promise. */
  readonly bind = (resolve: (value: unknown) => void, reject: (error: unknown) => void): void => {
    this.resolve = resolve;
    this.reject = reject;
  };

  private readonly onValue = (value: unknown): void => {
    if (this.phase === 'running') this.succeeded(value);
    else this.rest();
  };

  private readonly onError = (error: unknown): void => {
    if (this.phase === 'running') this.failed(error);
    else this.rest();
  };

  private readonly onAbort = (): void => this.aborted();

  begin(engine: Engine, call: Call<unknown>, options: ExecuteOptions | undefined): void {
    const nowMs = engine.clock.mono();
    this.engine = engine;
    this.call = call;
    this.beganMs = nowMs;
    this.callDueMs = engine.deadlineMs > 0 ? nowMs + engine.deadlineMs : never;
    if (options !== undefined) this.take(options, nowMs);
    engine.counters.calls++;
    engine.underWay++;
    if (this.signal?.aborted === true) this.aborted();
    else this.tryOnce(nowMs);
  }

  onDue(nowMs: number): void {
    const { phase } = this;
    if (phase === 'backoff') this.tryOnce(nowMs);
    else if (phase === 'running') this.timedOut(nowMs);
    else if (phase === 'queued') this.waitedInVain(nowMs);
  }

  onTurn(nowMs: number): void {
    this.engine!.sweep.disarm(this);
    this.depart(nowMs);
  }

  private take(options: ExecuteOptions, nowMs: number): void {
    const { signal, timeoutMs, priority, retriesLeft, key } = options;
    if (timeoutMs !== undefined) this.callDueMs = Math.min(this.callDueMs, nowMs + (timeoutMs > 0 ? timeoutMs : 0));
    if (priority !== undefined) this.priority = priority;
    if (retriesLeft !== undefined) this.retriesLeft = retriesLeft;
    this.key = key;
    this.signal = signal;
    if (signal?.aborted === false) signal.addEventListener('abort', this.onAbort);
  }

  private tryOnce(nowMs: number): void {
    const engine = this.engine!;
    if (this.callDueMs <= nowMs) {
      engine.refused('deadline', this.priority, nowMs);
      this.fail(engine.timeoutError('call', this.lastError), nowMs);
      return;
    }
    if (engine.breaker !== undefined) {
      this.ticket = engine.breaker.admit(nowMs);
      if (this.ticket < 0) {
        engine.refused('breaker', this.priority, nowMs);
        this.fail(engine.openError(nowMs, this.lastError), nowMs);
        return;
      }
    }
    this.place = engine.bulkhead;
    if (this.place === undefined || this.place.tryAcquire(nowMs, this.priority)) this.depart(nowMs);
    else this.queueUp(this.place, nowMs);
  }

  private queueUp(bulkhead: Bulkhead, nowMs: number): void {
    const engine = this.engine!;
    if (!bulkhead.enqueue(this)) {
      this.full(nowMs);
      return;
    }
    this.phase = 'queued';
    const dueMs = Math.min(this.callDueMs, nowMs + bulkhead.waitMaxMs);
    if (dueMs < never) engine.sweep.arm(this, dueMs, nowMs);
  }

  private waitedInVain(nowMs: number): void {
    const engine = this.engine!;
    this.place?.leave(this);
    this.place = undefined;
    if (this.callDueMs > nowMs + 0.5) {
      this.full(nowMs);
      return;
    }
    engine.breaker?.forget(this.ticket);
    engine.timedOut('call', nowMs);
    this.fail(engine.timeoutError('call', this.lastError), nowMs);
  }

  /** No place, and none in the line. */
  private full(nowMs: number): void {
    const engine = this.engine!;
    this.place = undefined;
    engine.breaker?.forget(this.ticket);
    engine.refused(engine.fullBy, this.priority, nowMs);
    this.fail(engine.fullError(), nowMs);
  }

  private depart(nowMs: number): void {
    const engine = this.engine!;
    this.phase = 'running';
    this.attemptBeganMs = nowMs;
    const attemptDueMs = engine.timeoutMs > 0 ? nowMs + engine.timeoutMs : never;
    this.limitMs = attemptDueMs < this.callDueMs ? attemptDueMs : this.callDueMs;
    if (this.limitMs < never) engine.sweep.arm(this, this.limitMs, nowMs);
    const context = new LazyContext(this, engine.clock);
    this.context = context;
    engine.counters.attempts++;
    const inner = engine.rack?.inner;
    let answer: unknown;
    try {
      answer = inner === undefined ? this.call(context) : inner(this.call)(context);
    } catch (error) {
      this.onError(error);
      return;
    }
    if (answer instanceof Promise || isThenable(answer)) Promise.resolve(answer).then(this.onValue, this.onError);
    else this.onValue(answer);
  }

  private succeeded(value: unknown): void {
    const engine = this.engine!;
    const nowMs = engine.clock.mono();
    if (engine.judge !== undefined) {
      const verdict = engine.judgeAnswer(value);
      if (verdict !== undefined) {
        this.broke(verdict, { error: value, isAnswer: true }, nowMs);
        return;
      }
    }
    const latencyMs = nowMs - this.attemptBeganMs;
    engine.latency.add(latencyMs, nowMs);
    engine.breaker?.record(this.ticket, false, latencyMs, nowMs);
    engine.earn(nowMs);
    engine.counters.succeeded++;
    const { resolve, place } = this;
    this.place = undefined;
    this.leave();
    resolve(value);
    if (engine.heard) this.tellSettled(engine, { ok: true, nowMs, error: undefined });
    place?.release('ok', latencyMs, nowMs);
    this.rest();
  }

  private failed(error: unknown): void {
    const engine = this.engine!;
    const nowMs = engine.clock.mono();
    this.broke(engine.verdictOf(error, this.attemptBeganMs), { error, isAnswer: false }, nowMs);
  }

  /** The attempt ended badly, and the callee has settled: this flight may go on itself. */
  private broke(verdict: Verdict, failure: Failure, nowMs: number): void {
    this.account(verdict, nowMs);
    this.phase = 'idle';
    this.goOn(verdict, failure, nowMs);
  }

  /** Out of patience while the callee works: it is told, and left behind. */
  private timedOut(nowMs: number): void {
    const engine = this.engine!;
    const scope = this.callDueMs <= nowMs + 0.5 ? 'call' : 'attempt';
    const error = engine.timeoutError(scope, undefined);
    engine.timedOut(scope, nowMs);
    const patienceMs = engine.timeoutMs > 0 ? engine.timeoutMs : engine.deadlineMs;
    // A caller who gave almost no time says nothing about the other side.
    const wasShort = nowMs - this.attemptBeganMs < patienceMs / 10;
    this.abandon(error).afterAbandoned(wasShort ? undefined : verdicts.overload, { error, nowMs, scope });
  }

  private afterAbandoned(
    verdict: Verdict | undefined,
    end: { error: unknown; nowMs: number; scope: 'call' | 'attempt' },
  ): void {
    this.account(verdict, end.nowMs);
    if (end.scope === 'call' || verdict === undefined) this.fail(end.error, end.nowMs);
    else this.goOn(verdict, { error: end.error, isAnswer: false }, end.nowMs);
  }

  private aborted(): void {
    const engine = this.engine!;
    const nowMs = engine.clock.mono();
    const reason: unknown = this.signal?.reason;
    const { phase } = this;
    if (engine.heard) {
      const where = phase === 'queued' ? 'queue' : phase === 'backoff' ? 'backoff' : 'call';
      engine.tell({ kind: 'aborted', atMs: nowMs, where });
    }
    engine.counters.aborted++;
    if (phase === 'queued') {
      this.place?.leave(this);
      this.place = undefined;
      engine.breaker?.forget(this.ticket);
    }
    if (phase !== 'running') {
      this.fail(reason, nowMs);
      return;
    }
    // Who left because his own patience was out (AbortSignal.timeout) is a witness of slowness; any other says nothing.
    const ranOut = (reason as { name?: unknown } | undefined)?.name === 'TimeoutError';
    const heir = this.abandon(reason);
    heir.account(ranOut ? verdicts.overload : undefined, nowMs);
    heir.fail(reason, nowMs);
  }

  /** What became of the attempt, told to the rules. Undefined: it says nothing. */
  private account(verdict: Verdict | undefined, nowMs: number): void {
    const engine = this.engine!;
    const latencyMs = nowMs - this.attemptBeganMs;
    engine.sweep.disarm(this);
    if (engine.breaker !== undefined) {
      if (verdict === undefined) engine.breaker.forget(this.ticket);
      else engine.breaker.record(this.ticket, verdict.isFailure, latencyMs, nowMs);
    }
    const outcome =
      verdict === undefined || !verdict.isFailure ? 'ignored' : verdict.isOverload ? 'dropped' : 'ignored';
    const { place } = this;
    this.place = undefined;
    place?.release(outcome, latencyMs, nowMs);
    this.settleBudget();
  }

  /** Another try, or the end. */
  private goOn(verdict: Verdict, failure: Failure, nowMs: number): void {
    const engine = this.engine!;
    const delayMs = engine.planRetry(verdict, {
      attempt: this.attempt,
      retriesLeft: this.retriesLeft,
      lastDelayMs: this.lastDelayMs,
      patienceMs: this.callDueMs - nowMs,
      error: failure.error,
      nowMs,
    });
    if (delayMs < 0) {
      if (failure.isAnswer) this.giveAnswer(failure.error, nowMs);
      else this.fail(failure.error, nowMs);
      return;
    }
    this.owed = engine.budget;
    this.attempt++;
    this.lastDelayMs = delayMs;
    this.lastError = failure.error;
    this.phase = 'backoff';
    engine.sweep.arm(this, nowMs + delayMs, nowMs);
  }

  /** An answer that is a failure, and no try is left: the caller gets it all the same. */
  private giveAnswer(answer: unknown, nowMs: number): void {
    const engine = this.engine!;
    engine.counters.failed++;
    if (engine.heard) this.tellSettled(engine, { ok: false, nowMs, error: answer });
    const { resolve } = this;
    this.leave();
    this.rest();
    resolve(answer);
  }

  private fail(error: unknown, nowMs: number): void {
    const engine = this.engine!;
    if (this.signal?.aborted !== true) engine.counters.failed++;
    if (engine.heard) this.tellSettled(engine, { ok: false, nowMs, error });
    const { reject } = this;
    this.leave();
    this.rest();
    reject(error);
  }

  private tellSettled(engine: Engine, end: { ok: boolean; nowMs: number; error: unknown }): void {
    const { ok, nowMs, error } = end;
    const head = {
      kind: 'settled',
      atMs: nowMs,
      ok,
      attempts: this.attempt + 1,
      latencyMs: nowMs - this.beganMs,
    } as const;
    engine.tell(ok ? head : { ...head, error });
  }

  /** Cuts every tie but the callee's. */
  private leave(): void {
    const engine = this.engine!;
    engine.sweep.disarm(this);
    engine.underWay--;
    this.settleBudget();
    if (this.signal === undefined) return;
    this.signal.removeEventListener('abort', this.onAbort);
    this.signal = undefined;
  }

  private settleBudget(): void {
    this.owed?.settled();
    this.owed = undefined;
  }

  /** Tells the callee and leaves it behind with this record; the heir has all that is still to be done. */
  private abandon(reason: unknown): Flight {
    const heir = takeFlight();
    heir.inherit(this);
    const { context, signal } = this;
    this.engine!.sweep.disarm(this);
    this.phase = 'husk';
    this.forgetCall();
    if (signal !== undefined && !signal.aborted) {
      signal.removeEventListener('abort', this.onAbort);
      signal.addEventListener('abort', heir.onAbort);
    }
    context?.cancel(reason);
    return heir;
  }

  /** Back on the rack. */
  private rest(): void {
    this.phase = 'idle';
    this.forgetCall();
    if (rack.length < rackMax) rack.push(this);
  }
}

/** What went wrong: an error, or an answer that the policy judges to be one. */
interface Failure {
  readonly error: unknown;
  readonly isAnswer: boolean;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** Flights at rest, for all policies of the process. */
const rack: Flight[] = [];
const rackMax = 256;

export function takeFlight(): Flight {
  return rack.pop() ?? new Flight();
}
