// The machine behind `policy({...})`: holds the rules that were asked for, their counters and the listeners, and sends each call off as
// a flight. Outermost first: fallback, cache, rate limit, client throttle (layers); deadline, retry, breaker, bulkhead or adaptive limit
// (fused in the flight); hedging, the attempt's timeout, fault injection (layers), the call. What is not configured is undefined here, and costs one comparison.
import type { HaleError } from '@hale/base';
import { type AdaptiveLimit, createAdaptiveLimit } from '../adaptive-limit.ts';
import { Breaker, type BreakerChange, type SavedBreaker } from '../breaker.ts';
import { Bulkhead } from '../bulkhead.ts';
import { type Classify, classifyError, type Verdict, verdicts } from '../classify.ts';
import type { DegradedRegistry } from '../degraded.ts';
import { refusal } from '../errors.ts';
import { LatencyHistogram } from '../latency-histogram.ts';
import { planRetry, type RetryRuleOptions, type RetryStep } from '../retry.ts';
import { createRetryBudget, type RetryBudget } from '../retry-budget.ts';
import { sweepOf, type TimerSweep } from '../timer-sweep.ts';
import { isPurseClosed, noteClosedPurse } from './closed-purse.ts';
import type { PolicyEvent, Refuser } from './events.ts';
import { takeFlight } from './flight.ts';
import { LayerRack } from './layer-rack.ts';
import { type PolicySettings, problemsOf, type RetrySettings, refuse } from './settings.ts';
import type { PolicyCounters, PolicySnapshot } from './snapshot.ts';
import type { Call, EventOutlet, ExecuteOptions, Policy, PolicyClock, Priority, Surroundings } from './types.ts';

const never = Number.POSITIVE_INFINITY;
/** Shared: most policies have no listener. */
const nobody: readonly ((event: PolicyEvent) => void)[] = [];
const unbounded = { concurrentMax: never };

export interface EngineOptions {
  readonly clock: PolicyClock;
  readonly unit: () => number;
  readonly registry: DegradedRegistry;
  readonly saved: SavedBreaker | undefined;
}

/** A class: it has a life, and `execute` is the hottest function of the room. */
export class Engine implements Policy, EventOutlet {
  readonly clock: PolicyClock;
  readonly sweep: TimerSweep;
  readonly latency = new LatencyHistogram();
  readonly counters: PolicyCounters = zeros();
  underWay = 0;
  heard = false;
  // 0: none. Not Infinity, for which V8 would box both.
  timeoutMs = 0;
  deadlineMs = 0;
  breaker: Breaker | undefined = undefined;
  bulkhead: Bulkhead | undefined = undefined;
  budget: RetryBudget | undefined = undefined;
  classify: Classify = classifyError;
  judge: PolicySettings['judge'] = undefined;
  private name = 'call';
  private retry: RetryRuleOptions | undefined = undefined;
  private adaptive: AdaptiveLimit | undefined = undefined;
  rack: LayerRack | undefined = undefined;
  private listeners = nobody;
  /** Of a budget of its own: when a call ended last, so that time is read once a call, and its settings. */
  budgetClock: { nowMs: number; readonly shape: string } | undefined = undefined;
  private readonly unit: () => number;
  private readonly registry: DegradedRegistry;

  constructor(settings: PolicySettings, { clock, unit, registry, saved }: EngineOptions) {
    this.clock = clock;
    this.unit = unit;
    this.registry = registry;
    this.sweep = sweepOf(clock);
    this.update(settings);
    if (saved !== undefined) this.breaker?.restore(saved, clock.mono());
  }

  execute<T>(call: Call<T>, options?: ExecuteOptions): Promise<T> {
    const outer = this.rack?.outer;
    return outer === undefined ? this.fly(call, options) : outer(this, call, options);
  }

  /** The call without the layers outside of the retry. */
  fly<T>(call: Call<T>, options: ExecuteOptions | undefined): Promise<T> {
    const flight = takeFlight();
    const promise = new Promise<unknown>(flight.bind);
    flight.begin(this, call, options);
    return promise as Promise<T>;
  }

  on(listener: (event: PolicyEvent) => void): () => void {
    // A wrapper of its own, so that one function may listen twice and leave once.
    const own = (event: PolicyEvent): void => listener(event);
    this.listeners = [...this.listeners, own];
    this.heard = true;
    return () => {
      this.listeners = this.listeners.filter((one) => one !== own);
      this.heard = this.listeners.length > 0;
    };
  }

  tell(event: PolicyEvent): void {
    for (const listener of this.listeners) {
      try {
        listener(event);
      } catch (error) {
        // A listener's fault is his own: it surfaces as an unhandled rejection and touches no call.
        void Promise.reject(error);
      }
    }
  }

  update(settings: PolicySettings): void {
    refuse(problemsOf(settings));
    const nowMs = this.clock.mono();
    const surroundings: Surroundings = { clock: this.clock, unit: this.unit, events: this };
    // First what may refuse its numbers; then nothing more can fail, and nothing is changed by halves.
    const rack = LayerRack.make(settings, this.rack, {
      ...surroundings,
      registry: this.registry,
      classify: settings.classify ?? classifyError,
    });
    this.setLimit(settings, nowMs);
    this.rack = rack;
    this.name = settings.name ?? 'call';
    // Under a hedge each leg has its own timeout, which the rack holds.
    this.timeoutMs = settings.hedge === undefined ? (settings.timeoutMs ?? 0) : 0;
    this.deadlineMs = settings.deadlineMs ?? 0;
    this.classify = settings.classify ?? classifyError;
    this.judge = settings.judge;
    this.setBreaker(settings);
    this.setRetry(settings.retry);
    if (this.heard) this.tell({ kind: 'updated', atMs: nowMs });
  }

  snapshot(): PolicySnapshot {
    const nowMs = this.clock.mono();
    this.readBudgetAt(nowMs);
    return {
      name: this.name,
      counters: { ...this.counters },
      inFlight: this.bulkhead?.inFlight ?? this.underWay,
      queued: this.bulkhead?.queued ?? 0,
      limit: this.bulkhead?.limit ?? never,
      latency: this.latency.summary(nowMs),
      breaker: this.breaker?.snapshot(nowMs),
      retryBalance: this.budget?.balance(),
    };
  }

  /** Who says that there is no room. */
  get fullBy(): 'bulkhead' | 'limit' {
    return this.adaptive === undefined ? 'bulkhead' : 'limit';
  }

  isolate(): () => void {
    const release = this.guard().isolate(this.clock.mono());
    return () => release(this.clock.mono());
  }

  forceClosed(): () => void {
    return this.guard().forceClosed(this.clock.mono());
  }

  save(): SavedBreaker | undefined {
    return this.breaker?.save(this.clock.mono());
  }

  /** A delay in ms, or -1: no other try. */
  planRetry(verdict: Verdict, step: RetryStep & { readonly error: unknown; readonly nowMs: number }): number {
    if (this.retry === undefined) return -1;
    this.readBudgetAt(step.nowMs);
    const plan = planRetry(this.retry, verdict, step);
    const at = { atMs: step.nowMs, attempt: step.attempt, error: step.error } as const;
    if (typeof plan === 'number') {
      this.counters.retries++;
      if (this.heard) this.tell({ kind: 'retry', ...at, delayMs: plan });
      return plan;
    }
    if (plan === 'final') return -1;
    if (plan === 'budget') this.counters.retriesRefused++;
    if (plan === 'budget' || plan === 'carried') noteClosedPurse(step.error, { by: this, atMs: step.nowMs });
    if (this.heard) this.tell({ kind: 'gaveUp', ...at, why: plan });
    return -1;
  }

  /** What an error of a try that began at `sinceMs` means; a judge that fails himself means that no retry would help. */
  verdictOf(error: unknown, sinceMs: number): Verdict {
    try {
      const verdict = this.classify(error, this.clock.wall());
      return verdict.mayRetry && isPurseClosed(error, { by: this, sinceMs })
        ? { ...verdict, mayRetry: false }
        : verdict;
    } catch {
      return verdicts.final;
    }
  }

  judgeAnswer(answer: unknown): Verdict | undefined {
    try {
      return this.judge?.(answer, this.clock.wall());
    } catch {
      return verdicts.final;
    }
  }

  /** A success earns a share of a retry. */
  earn(nowMs: number): void {
    if (this.budget === undefined) return;
    this.readBudgetAt(nowMs);
    this.budget.deposit();
  }

  private readBudgetAt(nowMs: number): void {
    if (this.budgetClock !== undefined) this.budgetClock.nowMs = nowMs;
  }

  refused(by: Refuser, priority: Priority, nowMs: number): void {
    if (by === 'breaker') this.counters.refusedOpen++;
    else if (by !== 'deadline') this.counters.refusedFull++;
    if (this.heard) this.tell({ kind: 'refused', atMs: nowMs, by, priority, carriedOut: true });
  }

  timedOut(scope: 'attempt' | 'call', nowMs: number): void {
    this.counters.timeouts++;
    const timeoutMs = scope === 'call' ? this.deadlineMs : this.timeoutMs;
    if (this.heard) this.tell({ kind: 'timeout', atMs: nowMs, scope, timeoutMs });
  }

  openError(nowMs: number, cause: unknown): HaleError {
    const retryAfterMs = Math.ceil(this.breaker?.retryAfterMs(nowMs) ?? 0);
    const message = `${this.name}: the circuit is open, the call was not made`;
    return refusal('HALE_RESILIENCE_OPEN', message, { cause, details: { retryAfterMs, refused: 'open' } });
  }

  fullError(): HaleError {
    const { bulkhead } = this;
    const message = `${this.name}: ${bulkhead?.inFlight ?? 0} calls run and ${bulkhead?.queued ?? 0} wait, there is no room for another`;
    return refusal('HALE_RESILIENCE_FULL', message, { details: { refused: 'limit' } });
  }

  timeoutError(scope: 'attempt' | 'call', cause: unknown): HaleError {
    const what = scope === 'call' ? 'the call was not over' : 'the attempt had no answer';
    const message = `${this.name}: ${what} in time`;
    return refusal('HALE_RESILIENCE_TIMEOUT', message, { cause, details: { scope } });
  }

  private setLimit({ bulkhead, adaptiveLimit }: PolicySettings, nowMs: number): void {
    if (adaptiveLimit === undefined) this.adaptive = undefined;
    else if (this.adaptive === undefined)
      this.adaptive = createAdaptiveLimit({
        settings: adaptiveLimit,
        unit: this.unit,
        onRefused: ({ priority, carriedOut }) => {
          // One that is carried out is told by the flight, when no place in the line was left either.
          if (carriedOut || !this.heard) return;
          this.tell({ kind: 'refused', atMs: this.clock.mono(), by: 'limit', priority, carriedOut });
        },
      });
    else this.adaptive.update(adaptiveLimit);
    const settings = bulkhead ?? (adaptiveLimit === undefined ? undefined : unbounded);
    if (this.bulkhead !== undefined) this.bulkhead.update(settings ?? unbounded, this.adaptive, nowMs);
    else if (settings !== undefined) this.bulkhead = new Bulkhead(settings, this.adaptive);
  }

  private setBreaker({ breaker }: PolicySettings): void {
    if (breaker === undefined) {
      // One that is held by hand stays until it is let go.
      if (this.breaker?.isHeld !== true) this.breaker = undefined;
    } else if (this.breaker !== undefined) this.breaker.update(breaker);
    else this.breaker = new Breaker({ settings: breaker, unit: this.unit, watcher: this });
  }

  /** The breaker, or one that never opens by itself: something to hold by hand. */
  private guard(): Breaker {
    this.breaker ??= new Breaker({
      settings: { failureRatio: never },
      unit: this.unit,
      watcher: this,
    });
    return this.breaker;
  }

  breakerChanged(change: BreakerChange, nowMs: number): void {
    if (this.heard) this.tell({ ...change, atMs: nowMs });
  }

  private setRetry(retry: RetrySettings | undefined): void {
    if (retry === undefined) {
      this.retry = this.budget = this.budgetClock = undefined;
      return;
    }
    this.setBudget(retry.budget);
    const { retriesMax = 3, retryAfterMaxMs = 30_000, backoff = {} } = retry;
    this.retry = { retriesMax, retryAfterMaxMs, backoff, budget: this.budget, unit: this.unit };
  }

  /** A budget of its own stays with its coins as long as its numbers do. */
  private setBudget(budget: RetrySettings['budget']): void {
    if (budget === false || (budget !== undefined && 'withdraw' in budget)) {
      this.budget = budget === false ? undefined : budget;
      this.budgetClock = undefined;
      return;
    }
    const shape = JSON.stringify(budget ?? {});
    if (this.budgetClock?.shape === shape) return;
    const clock = { nowMs: this.clock.mono(), shape };
    this.budgetClock = clock;
    this.budget = createRetryBudget({ now: () => clock.nowMs, ...budget });
  }
}

function zeros(): PolicyCounters {
  return {
    calls: 0,
    succeeded: 0,
    failed: 0,
    aborted: 0,
    attempts: 0,
    retries: 0,
    retriesRefused: 0,
    refusedOpen: 0,
    refusedFull: 0,
    timeouts: 0,
  };
}
