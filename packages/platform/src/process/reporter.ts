// The reporter: everything at once when it begins and every 30 s, and in between what has changed, in batches. Exits and
// verdicts do not wait for the next look; everything else does.
import type { Clock, Timer } from '@hale/base';
import type { HostObservation, Incarnation, Observation, ReplicaObservation } from '@hale/model';
import { digestOf, isWorthTelling, type Told } from './reduction.ts';

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

  const remember = (observations: readonly ReplicaObservation[]) => {
    const atMs = clock.mono();
    for (const observation of observations)
      told.set(observation.incarnation, { atMs, digest: digestOf(observation), observation });
  };
  const full = () => {
    const replicas = observeAll();
    told.clear();
    remember(replicas);
    sink?.({ full: true, replicas, host: observeHost() });
  };
  const flush = () => {
    isFlushing = false;
    if (sink === undefined) return;
    const nowMs = clock.mono();
    const replicas = observeAll().filter((seen) => isWorthTelling(told.get(seen.incarnation), seen, nowMs));
    if (replicas.length === 0) return;
    remember(replicas);
    sink({ full: false, replicas, host: undefined });
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
