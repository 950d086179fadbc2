// The polite customer: who is turned away again and again stops coming so often, by himself, before the shop has to say no once more.
// Adaptive throttling on the caller's side, Google SRE book chapter 21: with requests and accepts of the last two minutes, a call is refused
// here with probability max(0, (requests - K x accepts) / (requests + 1)). K is smaller for calls that may be shed and larger for critical
// ones, so those go first and last. Counted in slices that expire by the clock; no timer, and never more than `refusedMax` is refused.
import type { Priority } from './carried.ts';
import { checkNumbers } from './rule-settings.ts';

export interface ClientThrottleSettings {
  /** K for normal calls: how many calls are sent for each that is accepted; default 2. Sheddable ones have (1 + K) / 2, critical ones 2 K. */
  readonly ratio?: number;
  /** How long a call is remembered; default 120,000 ms. */
  readonly windowMs?: number;
  /** Highest probability of a refusal; default 0.9: the rest goes and looks whether the other side is back. */
  readonly refusedMax?: number;
  /** Share of refusals that are carried out, 0 to 1; default 1. */
  readonly enforce?: number;
}

export interface ClientThrottle {
  /** False: refused here; it counts as a request. True: send it and `record` what became of it. */
  admit(priority: Priority, nowMs: number): boolean;
  /** `accepted` false when the other side refused for overload (429, 503 with x-hale-refused, a timeout). A failed but begun call is accepted. */
  record(accepted: boolean, nowMs: number): void;
  /** Probability of a refusal now, for a call of this class. */
  refusal(priority: Priority, nowMs: number): number;
  /** Takes new settings; the counts stay, unless the window has another length. */
  update(settings: ClientThrottleSettings): void;
}

export interface ClientThrottleOptions {
  readonly settings?: ClientThrottleSettings;
  /** Uniform in [0, 1). */
  readonly unit: () => number;
  readonly onRefused?: (refusal: { readonly priority: Priority; readonly carriedOut: boolean }) => void;
}

const defaults = { ratio: 2, windowMs: 120_000, refusedMax: 0.9, enforce: 1 };
const slices = 20;

export function createClientThrottle({
  settings = {},
  unit,
  onRefused = () => {},
}: ClientThrottleOptions): ClientThrottle {
  let now = checked(settings);
  const requests = new Float64Array(slices);
  const accepts = new Float64Array(slices);
  let [requestsSum, acceptsSum, current] = [0, 0, Number.NaN];
  const turn = (nowMs: number): number => {
    const index = Math.floor(nowMs / (now.windowMs / slices));
    if (Number.isNaN(current)) current = index;
    for (let at = Math.max(current + 1, index - slices + 1); at <= index; at++) {
      requestsSum -= requests[at % slices]!;
      acceptsSum -= accepts[at % slices]!;
      requests[at % slices] = 0;
      accepts[at % slices] = 0;
    }
    current = Math.max(current, index);
    return current % slices;
  };
  const refusal = (priority: Priority, nowMs: number): number => {
    turn(nowMs);
    const ratio = priority === 'normal' ? now.ratio : priority === 'critical' ? now.ratio * 2 : (1 + now.ratio) / 2;
    return Math.min(now.refusedMax, Math.max(0, (requestsSum - ratio * acceptsSum) / (requestsSum + 1)));
  };
  return {
    refusal,
    admit(priority, nowMs) {
      const refused = unit() < refusal(priority, nowMs);
      const slice = turn(nowMs);
      requests[slice] = requests[slice]! + 1;
      requestsSum++;
      if (!refused) return true;
      const carriedOut = now.enforce >= 1 || unit() < now.enforce;
      onRefused({ priority, carriedOut });
      return !carriedOut;
    },
    record(accepted, nowMs) {
      if (!accepted) return;
      const slice = turn(nowMs);
      accepts[slice] = accepts[slice]! + 1;
      acceptsSum++;
    },
    update(next) {
      const after = checked(next);
      if (after.windowMs !== now.windowMs) {
        requests.fill(0);
        accepts.fill(0);
        [requestsSum, acceptsSum, current] = [0, 0, Number.NaN];
      }
      now = after;
    },
  };
}

function checked(settings: ClientThrottleSettings): Required<ClientThrottleSettings> {
  const all = { ...defaults, ...settings };
  checkNumbers('clientThrottle', [
    { name: 'ratio', value: all.ratio, min: 1, max: 100 },
    { name: 'windowMs', value: all.windowMs, min: 100, max: 3_600_000 },
    { name: 'refusedMax', value: all.refusedMax, min: 0, max: 0.99 },
    { name: 'enforce', value: all.enforce, min: 0, max: 1 },
  ]);
  return all;
}
