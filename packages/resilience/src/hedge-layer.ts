// Calls the second taxi of hedge.ts: starts the call, waits the rule's delay, pays and starts it again; the first answer wins and the other's
// signal is aborted. A failure waits for the other leg if there is one; both failed: the first failure is told. Never more than two legs.
import { createHedgeRule, type HedgeRule, type HedgeSettings } from './hedge.ts';
import { withSignal } from './layer.ts';
import type { Call, CallContext, Layer, Surroundings } from './policy/types.ts';

/** The reason a leg's signal gets when the other was faster. */
const overtaken = new Error('the other leg of a hedged call was faster');

/** A layer that hedges by `rule`, or by one made of settings. */
export function hedgeLayer(rule: HedgeRule | HedgeSettings, surroundings: Surroundings): Layer {
  const own = 'begin' in rule ? rule : createHedgeRule(rule);
  const { clock } = surroundings;
  return <T>(call: Call<T>): Call<T> =>
    (context) => {
      const beganMs = clock.mono();
      const delayMs = own.begin(beganMs);
      if (delayMs !== undefined && delayMs < context.remainingMs())
        return new Race<T>({ call, context, rule: own, surroundings, delayMs, beganMs }).run();
      const record = (answer: T) => {
        own.record(clock.mono() - beganMs, clock.mono());
        return answer;
      };
      return Promise.resolve(call(context)).then(record);
    };
}

interface RaceInit<T> {
  readonly call: Call<T>;
  readonly context: CallContext;
  readonly rule: HedgeRule;
  readonly surroundings: Surroundings;
  readonly delayMs: number;
  readonly beganMs: number;
}

/** One hedged call: one or two legs, settled once. */
class Race<T> {
  readonly #init: RaceInit<T>;
  readonly #legs: AbortController[] = [];
  #running = 0;
  #failure: { readonly error: unknown } | undefined;
  #settled = false;

  constructor(init: RaceInit<T>) {
    this.#init = init;
  }

  run(): Promise<T> {
    const { context, rule, delayMs, beganMs } = this.#init;
    const { clock, events } = this.#init.surroundings;
    const outer = context.signal;
    return new Promise<T>((resolve, reject) => {
      const settle = (winner: AbortController | undefined, tell: () => void) => {
        if (this.#settled) return;
        this.#settled = true;
        timer.cancel();
        outer.removeEventListener('abort', left);
        for (const leg of this.#legs) if (leg !== winner) leg.abort(outer.aborted ? outer.reason : overtaken);
        const nowMs = clock.mono();
        if (!outer.aborted) rule.record(nowMs - beganMs, nowMs);
        tell();
      };
      const left = () => settle(undefined, () => reject(outer.reason));
      const won = (leg: AbortController, answer: T) => {
        if (!this.#settled && leg !== this.#legs[0] && events.heard)
          events.tell({ kind: 'hedgeWon', atMs: clock.mono(), attempt: context.attempt });
        settle(leg, () => resolve(answer));
      };
      const lost = (leg: AbortController, error: unknown) => {
        this.#running--;
        this.#failure ??= { error };
        if (this.#running === 0) settle(leg, () => reject(this.#failure?.error));
      };
      const timer = clock.after(delayMs, () => {
        if (!rule.pay()) return;
        if (events.heard)
          events.tell({ kind: 'hedge', atMs: clock.mono(), attempt: context.attempt, afterMs: delayMs });
        this.#start(won, lost);
      });
      if (outer.aborted) return left();
      outer.addEventListener('abort', left, { once: true });
      this.#start(won, lost);
    });
  }

  #start(won: (leg: AbortController, answer: T) => void, lost: (leg: AbortController, error: unknown) => void): void {
    const leg = new AbortController();
    this.#legs.push(leg);
    this.#running++;
    const { call, context } = this.#init;
    // Inside a promise, so that a call that throws at once is a leg that failed.
    new Promise<T>((resolve) => resolve(call(withSignal(context, leg.signal)))).then(
      (answer) => won(leg, answer),
      (error: unknown) => lost(leg, error),
    );
  }
}
