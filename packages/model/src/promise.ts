// The scales: what was promised of a service (slo) beside what the gateway's workers measured. Availability counts since
// those workers started, latency is of the last 10 to 20 seconds; calls that do not pass the gateway are not in it. Where
// nothing was asked nothing is judged.
import type { ServiceSpec } from './spec.ts';

export interface PromiseView {
  /** Percent of requests answered without a server error since the gateway's workers started. */
  readonly availability?: Measured;
  /** The 99th percentile of latency (ms) of the last 10 to 20 seconds; of several workers the worst one's. */
  readonly p99Ms?: Measured;
}

export interface Measured {
  readonly objective: number;
  /** Null while no request was seen. */
  readonly measured: number | null;
  readonly met: boolean | null;
}

export interface SeenTraffic {
  readonly requests: number;
  readonly failed: number;
  readonly p99Ms: number;
}

/** Undefined when nothing was promised. */
export function weighPromise(slo: ServiceSpec['slo'], seen: SeenTraffic | undefined): PromiseView | undefined {
  if (slo.availability === undefined && slo.p99Ms === undefined) return undefined;
  const asked = seen !== undefined && seen.requests > 0;
  const answered = asked ? (100 * (seen.requests - seen.failed)) / seen.requests : null;
  // Nothing in the last seconds reads 0: that is no measurement.
  const tail = asked && seen.p99Ms > 0 ? seen.p99Ms : null;
  return {
    ...(slo.availability === undefined
      ? {}
      : { availability: weigh(slo.availability, answered, (value) => value >= (slo.availability ?? 0)) }),
    ...(slo.p99Ms === undefined ? {} : { p99Ms: weigh(slo.p99Ms, tail, (value) => value <= (slo.p99Ms ?? 0)) }),
  };
}

function weigh(objective: number, measured: number | null, isMet: (value: number) => boolean): Measured {
  return { objective, measured, met: measured === null ? null : isMet(measured) };
}
