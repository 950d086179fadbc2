// The letter box of the loop: everything that reaches the brain goes through it, one at a time and in order. It is bounded:
// when it fills, observations of the world melt into one (the newest word on each replica stands, and a full one says it all
// again anyway), while orders are refused to their sender. What control itself must not lose is always let in: outcomes of
// commands are bounded by the executor, wake-ups and lag by being one at a time.
import type { HaleEvent, Observation, ReplicaObservation } from '@hale/model';

export interface Letter {
  readonly event: HaleEvent;
  /** Told once it stands in the journal, or why it does not. */
  readonly settled: ((error: Error | undefined) => void) | undefined;
}

export interface Inbox {
  readonly size: number;
  put(letter: Letter): void;
  /** Back to the front: it could not be written down yet. */
  putBack(letter: Letter): void;
  take(): Letter | undefined;
  /** False: no more orders are let in. */
  hasRoom(): boolean;
}

type Observed = Extract<HaleEvent, { kind: 'Observed' }>;

/** From this many letters on, observations melt. */
const meltFrom = 4;

export function createInbox(sizeMax = 1000): Inbox {
  let letters: Letter[] = [];
  /** Takes all observations out of the box and gives one that says what they say together. */
  const melt = (event: Observed): Letter => {
    const older = letters.flatMap(({ event: one }) =>
      one.kind === 'Observed' ? [ageObservation(one.observation, event.at.mono - one.at.mono)] : [],
    );
    letters = letters.filter((one) => one.event.kind !== 'Observed');
    const observation = [...older, event.observation].reduce(mergeObservations);
    return { event: { ...event, observation }, settled: undefined };
  };
  return {
    get size() {
      return letters.length;
    },
    put(letter) {
      const { event } = letter;
      const melted = event.kind === 'Observed' && letters.length >= meltFrom ? melt(event) : letter;
      letters.push(melted);
    },
    putBack: (letter) => void letters.unshift(letter),
    take: () => letters.shift(),
    hasRoom: () => letters.length < sizeMax,
  };
}

/** The same, said so long before the moment that it is handed on. */
export function ageObservation(observation: Observation, ms: number): Observation {
  const replicas = observation.replicas.map((seen) => {
    const { database } = seen;
    return database === undefined ? seen : { ...seen, database: { ...database, agoMs: (database.agoMs ?? 0) + ms } };
  });
  return ms <= 0 ? observation : { ...observation, replicas };
}

/** What is known after both: a full one replaces, a reduced one adds to what it follows. */
function mergeObservations(older: Observation, newer: Observation): Observation {
  if (newer.full) return { ...newer, host: newer.host ?? older.host };
  const byLife = new Map<string, ReplicaObservation>();
  for (const seen of [...older.replicas, ...newer.replicas]) byLife.set(`${seen.replica} ${seen.incarnation}`, seen);
  return { full: older.full, replicas: [...byLife.values()], host: newer.host ?? older.host };
}
