// The second taxi: when the first is later than nineteen of twenty usually are, a second is called, and whichever comes first takes you; the
// other is sent home. After "The Tail at Scale" (Dean, Barroso 2013) and Finagle's backup requests: the delay is a moving quantile of the
// latencies seen, and an own purse of at most a few per cent of the calls pays for the extra load, so a side that is slow as a whole is not asked
// twice by everybody. Only calls that are declared safe to repeat are hedged. It decides; the layer (hedge-layer.ts) waits and cancels.
import { LatencyHistogram } from './latency-histogram.ts';
import { checkNumbers } from './rule-settings.ts';

export interface HedgeSettings {
  /** The call may run twice without harm. Nothing is hedged unless this is true. */
  readonly safe: boolean;
  /** Second calls as a share of all calls, 0.001 to 0.05; default 0.02. */
  readonly extraLoad?: number;
  /** A call later than this quantile is hedged; default 0.95. */
  readonly quantile?: number;
  /** No hedge before this many latencies are known; default 50. */
  readonly samplesMin?: number;
  /** Never sooner than this; default 1 ms. */
  readonly delayMinMs?: number;
}

export interface HedgeRule {
  /** A call begins: after how many ms a second may be made; undefined: not for this call. */
  begin(nowMs: number): number | undefined;
  /** The delay has passed: true pays for the second call, false: the purse is empty. */
  pay(): boolean;
  /** Latency of a first call that ended (also of one that was overtaken: what it has taken until then). */
  record(latencyMs: number, nowMs: number): void;
  /** Second calls made, and refused for want of budget. */
  readonly counts: { readonly hedged: number; readonly refused: number };
  update(settings: HedgeSettings): void;
}

const defaults = { extraLoad: 0.02, quantile: 0.95, samplesMin: 50, delayMinMs: 1 };
/** The purse holds at most this many second calls, so an idle day buys no storm. */
const purseMax = 10;
/** Its latencies fade so many times slower than those of a snapshot: else few calls a second would never be enough. */
const memory = 4;

export function createHedgeRule(settings: HedgeSettings): HedgeRule {
  let now = checked(settings);
  const latencies = new LatencyHistogram();
  const counts = { hedged: 0, refused: 0 };
  let purse = 0;
  return {
    counts,
    begin(nowMs) {
      purse = Math.min(purseMax, purse + now.extraLoad);
      if (!now.safe || latencies.count(nowMs / memory) < now.samplesMin) return undefined;
      return Math.max(now.delayMinMs, latencies.quantile(now.quantile, nowMs / memory));
    },
    pay() {
      if (purse < 1) {
        counts.refused++;
        return false;
      }
      purse--;
      counts.hedged++;
      return true;
    },
    record: (latencyMs, nowMs) => latencies.add(latencyMs, nowMs / memory),
    update(next) {
      now = checked(next);
    },
  };
}

function checked(settings: HedgeSettings): Required<HedgeSettings> {
  const all = { ...defaults, ...settings };
  checkNumbers('hedge', [
    { name: 'extraLoad', value: all.extraLoad, min: 0.001, max: 0.05 },
    { name: 'quantile', value: all.quantile, min: 0.5, max: 0.999 },
    { name: 'samplesMin', value: all.samplesMin, min: 1, max: 100_000 },
    { name: 'delayMinMs', value: all.delayMinMs, min: 0, max: 3_600_000 },
  ]);
  return all;
}
