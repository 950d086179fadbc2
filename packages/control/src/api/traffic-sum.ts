// Adds up what the gateway's workers wrote about themselves (gateway/<ordinal>.json, decision 0002) into one picture. Rates are
// what was added since the last look. A worker that started anew counts from zero again; a sum never shows a negative rate.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '@hale/base';
import { type TrafficView, type UnitName, weighPromise } from '@hale/model';
import type { Objectives } from './messages.ts';

interface WorkerFile {
  readonly totals: Readonly<Record<(typeof counters)[number], number>>;
  readonly perUnit: Readonly<
    Record<
      UnitName,
      { readonly requests: number; readonly failed: number; readonly p50Ms: number; readonly p99Ms: number }
    >
  >;
}

type UnitTraffic = TrafficView['perUnit'][string];

const counters = ['requests', 'failed', 'severed', 'retried', 'held', 'inFlight'] as const;
/** Looks closer together than this share one answer. */
const freshMs = 250;
/** A rate over a longer while says nothing about now. */
const windowMsMax = 10_000;

export function createTrafficSum(runtimeDir: string, clock: Clock): () => TrafficView {
  let last: { at: number; view: TrafficView } | undefined;
  return () => {
    const at = clock.mono();
    if (last !== undefined && at - last.at < freshMs) return last.view;
    const before = last !== undefined && at - last.at <= windowMsMax ? last : undefined;
    const view = addUp(readWorkers(join(runtimeDir, 'gateway')), before, at);
    last = { at, view };
    return view;
  };
}

/** The picture with what was promised beside it; the same picture where nothing was. */
export function withPromises(view: TrafficView, objectives: Objectives): TrafficView {
  const weighed = Object.entries(objectives).flatMap(([unit, slo]) => {
    const promise = weighPromise(slo, view.perUnit[unit]);
    return promise === undefined ? [] : [[unit, promise] as const];
  });
  return weighed.length === 0 ? view : { ...view, promises: Object.fromEntries(weighed) };
}

/** Every worker's file that is whole; one that is being replaced or was left half is passed over until the next look. */
function readWorkers(folder: string): WorkerFile[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    if (!/^\d+\.json$/.test(name)) return [];
    try {
      const file = JSON.parse(readFileSync(join(folder, name), 'utf8')) as WorkerFile;
      return typeof file.totals === 'object' ? [file] : [];
    } catch {
      return [];
    }
  });
}

function addUp(
  workers: readonly WorkerFile[],
  before: { readonly at: number; readonly view: TrafficView } | undefined,
  at: number,
): TrafficView {
  const totals = { requests: 0, failed: 0, severed: 0, retried: 0, held: 0, inFlight: 0 };
  const perUnit: Record<UnitName, UnitTraffic> = {};
  for (const worker of workers) {
    for (const counter of counters) totals[counter] += worker.totals[counter] ?? 0;
    for (const [unit, seen] of Object.entries(worker.perUnit ?? {})) perUnit[unit] = addUnit(perUnit[unit], seen);
  }
  for (const [unit, sum] of Object.entries(perUnit)) {
    const was = before?.view.perUnit[unit];
    if (before === undefined || was === undefined) continue;
    const rps = Math.max(0, (sum.requests - was.requests) / ((at - before.at) / 1000));
    perUnit[unit] = { ...sum, rps: Math.round(rps * 10) / 10 };
  }
  return { ...totals, perUnit };
}

/** Percentiles of two workers cannot be added: the median is weighed by requests, the tail is the worse one's. */
function addUnit(sum: UnitTraffic | undefined, seen: Omit<UnitTraffic, 'rps'>): UnitTraffic {
  if (sum === undefined)
    return { requests: seen.requests, failed: seen.failed, p50Ms: seen.p50Ms, p99Ms: seen.p99Ms, rps: 0 };
  const requests = sum.requests + seen.requests;
  const weighed = requests === 0 ? 0 : (sum.p50Ms * sum.requests + seen.p50Ms * seen.requests) / requests;
  return {
    requests,
    failed: sum.failed + seen.failed,
    p50Ms: Math.round(weighed * 1000) / 1000,
    p99Ms: Math.max(sum.p99Ms, seen.p99Ms),
    rps: 0,
  };
}
