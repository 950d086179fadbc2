// The tally sheet: plain counters that the hot path only adds to, and the picture of them that is written for others to read four
// times a second (decision 0002). Counts are since this worker started; percentiles are of the last 10 to 20 seconds.
import type { UnitName } from '@hale/model';
import { createHistogram, type Histogram } from './histogram.ts';

/** `gateway/<ordinal>.json`. */
export interface GatewayStats {
  readonly v: 1;
  /** Clock.mono() when it was written. */
  readonly at: number;
  readonly ordinal: number;
  /** Which life of the worker wrote it: a worker and its replacement share an ordinal for a while. */
  readonly incarnation?: string | undefined;
  readonly totals: GatewayTotals;
  /** By incarnation. */
  readonly replicas: Readonly<Record<string, ReplicaTraffic>>;
  readonly perUnit: Readonly<Record<UnitName, UnitTraffic>>;
}

export interface GatewayTotals {
  /** Requests that were read, answered or not. */
  requests: number;
  /** Answers of 500 and above that reached a client, ours or a replica's. */
  failed: number;
  /** Responses already begun that could not be finished. */
  severed: number;
  /** Tries after the first. */
  retried: number;
  /** Requests that waited for a replica. */
  held: number;
  inFlight: number;
}

export interface ReplicaTraffic {
  readonly requests: number;
  readonly errors: number;
  readonly inFlight: number;
  /** Age of the oldest request that waits for its first byte; 0 when none waits. */
  readonly oldestWaitMs: number;
}

export interface UnitTraffic {
  readonly requests: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface UnitTally {
  requests: number;
  failed: number;
  readonly latency: Histogram;
}

export function createUnitTally(): UnitTally {
  return { requests: 0, failed: 0, latency: createHistogram() };
}

export function createTotals(): GatewayTotals {
  return { requests: 0, failed: 0, severed: 0, retried: 0, held: 0, inFlight: 0 };
}

export function unitTraffic(tally: UnitTally): UnitTraffic {
  const { requests, failed, latency } = tally;
  return { requests, failed, p50Ms: round(latency.quantile(0.5)), p99Ms: round(latency.quantile(0.99)) };
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
