// The fire drill inside a call: now and then, by dice, it fails, dawdles, answers something else or does something beside, so that you see
// what the callers make of it. After Polly's chaos strategies (fault, latency, outcome, behaviour). Off unless a rate is given; the dice are handed in,
// so a drill can be thrown again. It decides only; who waits and who throws is the layer (layers.ts).
import { checkNumbers } from './rule-settings.ts';

export interface FaultInjectionSettings {
  /** Share of calls that are touched, 0 to 1; default 0: off. */
  readonly rate?: number;
  /** Called for the error to throw instead of the call. */
  readonly error?: (() => unknown) | undefined;
  /** Waits this long before the call. */
  readonly latencyMs?: number | undefined;
  /** Called for the answer to give instead of the call. */
  readonly outcome?: (() => unknown) | undefined;
  /** Done before the call, e.g. closing a connection. */
  readonly behaviour?: (() => void | PromiseLike<void>) | undefined;
}

/** What is done to one call, in this order: behaviour, latency, then error or outcome in place of the call. */
export type InjectedFault = Omit<FaultInjectionSettings, 'rate'>;

export interface FaultInjection {
  /** What to do to this call; undefined: leave it alone. */
  decide(): InjectedFault | undefined;
  /** Calls touched so far. */
  readonly injected: number;
  update(settings: FaultInjectionSettings): void;
}

export interface FaultInjectionOptions {
  readonly settings?: FaultInjectionSettings;
  /** Uniform in [0, 1). */
  readonly unit: () => number;
  readonly onInjected?: (fault: InjectedFault) => void;
}

export function createFaultInjection({
  settings = {},
  unit,
  onInjected = () => {},
}: FaultInjectionOptions): FaultInjection {
  let now = checked(settings);
  let injected = 0;
  return {
    get injected() {
      return injected;
    },
    decide() {
      const { rate, ...fault } = now;
      if (rate === 0 || unit() >= rate) return undefined;
      injected++;
      onInjected(fault);
      return fault;
    },
    update(next) {
      now = checked(next);
    },
  };
}

function checked(settings: FaultInjectionSettings): FaultInjectionSettings & { readonly rate: number } {
  const all = { ...settings, rate: settings.rate ?? 0 };
  checkNumbers('faultInjection', [
    { name: 'rate', value: all.rate, min: 0, max: 1 },
    { name: 'latencyMs', value: all.latencyMs ?? 0, min: 0, max: 3_600_000 },
  ]);
  return all;
}
