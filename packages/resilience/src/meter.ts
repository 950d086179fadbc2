// The plug for OpenTelemetry: a policy's counters as instruments of whatever meter you have, attached once, at no call site. The meter is
// taken by its shape (OpenTelemetry API 1.x), so nothing is imported; it is read when the exporter asks, never per call.
import type { BreakerSnapshot } from './breaker.ts';
import type { PolicyCounters } from './policy/snapshot.ts';
import type { Policy } from './policy/types.ts';

/** The part of an OpenTelemetry `Meter` that is needed. */
export interface MeterLike<Instrument> {
  createObservableCounter(name: string, options: { readonly description: string; readonly unit?: string }): Instrument;
  createObservableGauge(name: string, options: { readonly description: string; readonly unit?: string }): Instrument;
  addBatchObservableCallback(callback: (result: ResultLike<Instrument>) => void, instruments: Instrument[]): void;
  removeBatchObservableCallback(callback: (result: ResultLike<Instrument>) => void, instruments: Instrument[]): void;
}

export interface ResultLike<Instrument> {
  observe(instrument: Instrument, value: number, attributes?: Record<string, string>): void;
}

const counters: Readonly<Record<keyof PolicyCounters, string>> = {
  calls: 'calls begun',
  succeeded: 'calls that succeeded',
  failed: 'calls that failed for good',
  aborted: 'calls whose caller left',
  attempts: 'tries that reached the callee',
  retries: 'tries after the first',
  retriesRefused: 'retries that the budget refused',
  refusedOpen: 'calls refused by an open breaker',
  refusedFull: 'calls refused by a full bulkhead or limit',
  timeouts: 'tries that took too long',
};

const breakerKinds: readonly BreakerSnapshot['kind'][] = [
  'closed',
  'open',
  'halfOpen',
  'returning',
  'isolated',
  'forcedClosed',
];

/**
 * Shows `policy` on `meter` as `hale.policy.<counter>`, `.in_flight`, `.queued`, `.latency` (ms, by quantile) and `.breaker` (1 for the state
 * it is in). Gives the way to stop.
 *
 * @example
 * const stop = meterPolicy(metrics.getMeter('shop'), payments);
 */
export function meterPolicy<Instrument>(meter: MeterLike<Instrument>, policy: Policy): () => void {
  const counted = Object.entries(counters).map(([name, description]) => ({
    name: name as keyof PolicyCounters,
    instrument: meter.createObservableCounter(`hale.policy.${toSnake(name)}`, { description }),
  }));
  const gauge = (name: string, description: string, unit?: string) =>
    meter.createObservableGauge(`hale.policy.${name}`, { description, ...(unit === undefined ? {} : { unit }) });
  const inFlight = gauge('in_flight', 'calls under way');
  const queued = gauge('queued', 'calls that wait for room');
  const latency = gauge('latency', 'latency of successful tries in the last half minute', 'ms');
  const breaker = gauge('breaker', '1 for the state that the circuit is in, 0 for the others');
  const instruments = [...counted.map((one) => one.instrument), inFlight, queued, latency, breaker];
  const observe = (result: ResultLike<Instrument>) => {
    const seen = policy.snapshot();
    const own = { policy: seen.name };
    for (const { name, instrument } of counted) result.observe(instrument, seen.counters[name], own);
    result.observe(inFlight, seen.inFlight, own);
    result.observe(queued, seen.queued, own);
    for (const quantile of ['p50', 'p95', 'p99'] as const)
      result.observe(latency, seen.latency[`${quantile}Ms`], { ...own, quantile });
    if (seen.breaker === undefined) return;
    for (const state of breakerKinds) result.observe(breaker, state === seen.breaker.kind ? 1 : 0, { ...own, state });
  };
  meter.addBatchObservableCallback(observe, instruments);
  return () => meter.removeBatchObservableCallback(observe, instruments);
}

/** 'retriesRefused' -> 'retries_refused'. */
function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
