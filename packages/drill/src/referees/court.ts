// The court: keeps the record the referees share, a deliberately dumb twin of what the brain remembers, written without
// looking at its code: the last observation delivered of each life, what is wanted, who was drained.
import type {
  Command,
  HaleEvent,
  Incarnation,
  Observation,
  Order,
  ReplicaId,
  ReplicaObservation,
  UnitName,
  UnitSpec,
} from '@hale/model';
import { splitReplicaId } from '@hale/model';
import type { Breach, Court, DatabaseFact, Referee, RefereeMaker, Seen, Truth } from './referee.ts';

export interface Bench {
  readonly court: Court;
  readonly breaches: readonly Breach[];
  setTroubled(troubled: boolean): void;
  event(event: HaleEvent): void;
  command(command: Command): void;
  database(fact: DatabaseFact): void;
  told(observation: Observation): void;
  relieved(): void;
  finish(): void;
}

const breachesMax = 50;
/** A control that ended is followed by the next one within this time. */
const movedMs = 2_000;

export function createCourt(of: {
  makers: readonly RefereeMaker[];
  now: () => number;
  truth: (incarnation: Incarnation) => Truth | undefined;
}): Bench {
  const seen = new Map<Incarnation, Seen>();
  const specs = new Map<UnitName, UnitSpec>();
  const wanted = new Map<UnitName, number>();
  const drained = new Set<ReplicaId>();
  const movedAt = new Map<UnitName, number>();
  const breaches: Breach[] = [];
  let shutdown = false;
  let troubled = true;
  const court: Court = {
    seen,
    specs,
    wanted,
    drained,
    isMoved: (replica) => of.now() - (movedAt.get(splitReplicaId(replica).unit) ?? Number.NEGATIVE_INFINITY) <= movedMs,
    truth: of.truth,
    get now() {
      return of.now();
    },
    get shutdown() {
      return shutdown;
    },
    get troubled() {
      return troubled;
    },
    blame(referee, what) {
      if (breaches.length < breachesMax) breaches.push({ referee, at: of.now(), what });
    },
  };
  const referees: Referee[] = of.makers.map((make) => make(court));
  const declare = (units: readonly UnitSpec[]) => {
    shutdown = false;
    for (const unit of units) {
      if (specs.get(unit.name)?.replicas !== unit.replicas) wanted.set(unit.name, unit.replicas);
      specs.set(unit.name, unit);
    }
    for (const name of specs.keys()) if (!units.some((unit) => unit.name === name)) wanted.set(name, 0);
  };
  const order = (asked: Order) => {
    if (asked.kind === 'scale' && mayScale(specs.get(asked.unit), asked.replicas))
      wanted.set(asked.unit, asked.replicas);
    else if (asked.kind === 'drain') drained.add(asked.replica);
    else if (asked.kind === 'failover') movedAt.set(asked.unit, of.now());
    else if (asked.kind === 'undrain') drained.delete(asked.replica);
    else if (asked.kind === 'shutdown') shutdown = true;
  };
  return {
    court,
    breaches,
    setTroubled(value) {
      troubled = value;
    },
    event(event) {
      if (event.kind === 'SystemDeclared') declare(event.units);
      else if (event.kind === 'OrderReceived') order(event.order);
      else if (event.kind === 'Observed') record(seen, event.observation, of.now());
      for (const referee of referees) referee.event?.(event);
    },
    command(command) {
      for (const referee of referees) referee.command?.(command);
    },
    database(fact) {
      for (const referee of referees) referee.database?.(fact);
    },
    told(observation) {
      for (const referee of referees) referee.told?.(observation);
    },
    relieved() {
      for (const referee of referees) referee.relieved?.();
    },
    finish() {
      for (const referee of referees) referee.finish?.();
    },
  };
}

function mayScale(spec: UnitSpec | undefined, replicas: number): boolean {
  return (
    spec !== undefined &&
    spec.cluster === undefined &&
    replicas >= 0 &&
    replicas <= 100 &&
    (spec.surge || replicas <= 1)
  );
}

function record(seen: Map<Incarnation, Seen>, observation: Observation, now: number): void {
  const listed = new Set<Incarnation>();
  for (const one of observation.replicas) {
    listed.add(one.incarnation);
    if (one.process.kind === 'exited') seen.delete(one.incarnation);
    else seen.set(one.incarnation, { observation: one, at: now });
  }
  if (!observation.full) return;
  for (const incarnation of seen.keys()) if (!listed.has(incarnation)) seen.delete(incarnation);
}

/** As far as the brain was told, this life serves. */
export function seemsToServe(one: ReplicaObservation): boolean {
  if (one.process.kind !== 'running' || one.startup.verdict === 'fail' || one.ready.verdict === 'fail') return false;
  return seemsAwake(one);
}

/** As far as the brain was told, its main loop turns. */
export function seemsAwake(one: ReplicaObservation): boolean {
  const beat = one.heartbeat;
  if (one.process.kind === 'stopped') return false;
  return beat.kind === 'none' || (beat.kind === 'beating' ? beat.stalledMs < 1_000 : beat.silentMs < 1_000);
}

/** Ordinals of the unit with a life that seems to serve, leaving out one life. */
export function servingOrdinals(court: Court, unit: UnitName, without?: Incarnation): Set<number> {
  const found = new Set<number>();
  for (const { observation } of court.seen.values()) {
    if (observation.incarnation === without) continue;
    const id = splitReplicaId(observation.replica);
    if (id.unit === unit && seemsToServe(observation)) found.add(id.ordinal);
  }
  return found;
}

/** A node of a database cluster that says itself that it copies nobody: it receives nothing, or lives in a term that is over. */
export function isAstray(court: Court, one: ReplicaObservation): boolean {
  const { database } = one;
  if (database === undefined) return false;
  if (database.role === 'standby' && !database.streaming) return true;
  const { unit } = splitReplicaId(one.replica);
  return [...court.seen.values()].some(
    ({ observation }) =>
      splitReplicaId(observation.replica).unit === unit && (observation.database?.term ?? 0) > database.term,
  );
}
