// Reads the gateway's tally sheets (`gateway/<ordinal>.json`, decision 0002) and says of each replica what was seen of it in the last
// second, all workers added up. A sheet that nobody has written for two seconds is a dead worker's and says nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrafficObservation } from '@hale/model';

interface Sheet {
  readonly v: 1;
  readonly at: number;
  readonly replicas: Readonly<Record<string, TrafficObservation>>;
}

export interface TrafficReader {
  look(nowMs: number): void;
  of(incarnation: string): TrafficObservation | undefined;
}

const staleMs = 2000;
const windowMs = 1000;

export function createTrafficReader(runtimeDir: string): TrafficReader {
  const folder = join(runtimeDir, 'gateway');
  /** Worker and incarnation -> counts at the start of the window. */
  let before = new Map<string, TrafficObservation>();
  let now = new Map<string, TrafficObservation>();
  let windowStart = 0;
  let seen = new Map<string, TrafficObservation>();

  return {
    look(nowMs) {
      if (nowMs - windowStart >= windowMs) {
        before = now;
        windowStart = nowMs;
      }
      now = new Map();
      seen = new Map();
      for (const name of sheetNames(folder)) {
        const sheet = readSheet(join(folder, name));
        if (sheet === undefined || nowMs - sheet.at > staleMs) continue;
        for (const [incarnation, counts] of Object.entries(sheet.replicas)) {
          const key = `${name} ${incarnation}`;
          now.set(key, counts);
          seen.set(incarnation, add(seen.get(incarnation), since(counts, before.get(key))));
        }
      }
    },
    of: (incarnation) => seen.get(incarnation),
  };
}

/** Counts grow; a smaller one is a worker that started over. */
function since(counts: TrafficObservation, start: TrafficObservation | undefined): TrafficObservation {
  if (start === undefined || counts.requests < start.requests) return { ...counts, requests: 0, errors: 0 };
  return {
    ...counts,
    requests: counts.requests - start.requests,
    errors: Math.max(0, counts.errors - start.errors),
  };
}

function add(a: TrafficObservation | undefined, b: TrafficObservation): TrafficObservation {
  if (a === undefined) return b;
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    inFlight: a.inFlight + b.inFlight,
    oldestWaitMs: Math.max(a.oldestWaitMs, b.oldestWaitMs),
  };
}

function sheetNames(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^\d+\.json$/.test(name));
  } catch {
    return [];
  }
}

function readSheet(path: string): Sheet | undefined {
  try {
    const sheet = JSON.parse(readFileSync(path, 'utf8')) as Sheet;
    return sheet.v === 1 ? sheet : undefined;
  } catch {
    return undefined;
  }
}
