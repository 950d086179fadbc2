// The reporter: everything at once when it begins and every 30 s, and in between what has changed, in batches. Exits and
// verdicts do not wait for the next look; everything else does.
import type { Clock, Timer } from '@hale/base';
import type { HostObservation, Incarnation, Observation, ReplicaObservation } from '@hale/model';
import { isWorthTelling, noteTold, type Told } from './reduction.ts';

export interface Reporter {
  /** Begins with a full observation at once. */
  begin(sink: (observation: Observation) => void): () => void;
  /** Something of `incarnation` has changed: told in this turn of the loop, if it may be. */
  changed(): void;
  /** Tells what is worth telling now. */
  flush(): void;
  end(): void;
}

const fullEveryMs = 30_000;
const busyRatio = 0.9;

function isBusy(host: HostObservation | undefined): boolean {
  return (host?.cpuRatio ?? 0) >= busyRatio;
}

export function createReporter(options: {
  clock: Clock;
  observeAll: () => readonly ReplicaObservation[];
  observeHost: () => HostObservation;
}): Reporter {
  const { clock, observeAll, observeHost } = options;
  const told = new Map<Incarnation, Told>();
  let sink: ((observation: Observation) => void) | undefined;
  let timer: Timer | undefined;
  let isFlushing = false;
  let hostTold: HostObservation | undefined;

  const tell = (observation: Observation) => {
    hostTold = observation.host;
    sink?.(observation);
  };
  const remember = (observations: readonly ReplicaObservation[]) => {
    const atMs = clock.mono();
    for (const observation of observations)
      told.set(observation.incarnation, noteTold(told.get(observation.incarnation), observation, atMs));
  };
  const full = () => {
    const replicas = observeAll();
    const there = new Set(replicas.map((one) => one.incarnation));
    for (const incarnation of told.keys()) if (!there.has(incarnation)) told.delete(incarnation);
    remember(replicas);
    tell({ full: true, replicas, host: observeHost() });
  };
  const flush = () => {
    isFlushing = false;
    if (sink === undefined) return;
    const nowMs = clock.mono();
    const replicas = observeAll().filter((seen) => isWorthTelling(told.get(seen.incarnation), seen, nowMs));
    const host = observeHost();
    // A host that has just become busy makes late answers worthless as witnesses: that is told at once.
    if (replicas.length === 0 && isBusy(host) === isBusy(hostTold)) return;
    remember(replicas);
    tell({ full: false, replicas, host });
  };
  const end = () => {
    timer?.cancel();
    sink = undefined;
  };
  return {
    begin(next) {
      sink = next;
      full();
      timer = clock.every(fullEveryMs, full);
      return () => {
        end();
      };
    },
    changed() {
      if (isFlushing) return;
      isFlushing = true;
      // Together with what else happens in this turn: fifty processes that die at once are one batch.
      clock.after(0, flush, true);
    },
    flush,
    end,
  };
}
