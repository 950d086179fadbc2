// INV-05: while the probes of most replicas in several services fail and nothing else says so, nobody who is well is killed for it.
// A dumb count over the last observations, and the truth about the one who is killed. The same for whoever can only be replaced by being
// stopped first (a database node), while the callers of those who use it are all answered: for a while, then it may be tried.
import type { Command, ReplicaObservation } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import { seemsAwake, seemsToServe } from './court.ts';
import type { Court, RefereeMaker } from './referee.ts';

const mostRatio = 0.6;
const unitsMin = 2;
/** Whoever was ill within this time may be killed for that. */
const raceMs = 6_000;

/** So long nobody who cannot be replaced beside itself is stopped for a probe that is caught lying. */
const doubtMs = 85_000;

/** Who began to fail within this time of each other began together: whoever was ill before is a case of its own. */
const togetherMs = 5_000;

export const refereeObserver: RefereeMaker = (court) => {
  const blamed = new Set<string>();
  // A newcomer that never served has nothing to lose: it may be given up on.
  const served = new Set<string>();
  const failingSince = new Map<string, number>();
  const note = (one: ReplicaObservation) => {
    if (one.process.kind === 'exited') served.delete(one.incarnation);
    else if (seemsToServe(one)) served.add(one.incarnation);
    if (!failsByProbeAlone(one)) failingSince.delete(one.incarnation);
    else if (!failingSince.has(one.incarnation)) failingSince.set(one.incarnation, court.now);
  };
  const reasons = new Map<string, string>();
  const orderly = (command: Extract<Command, { kind: 'StopReplica' }>) => {
    const { replica, incarnation } = command;
    const { unit } = splitReplicaId(replica);
    const since = failingSince.get(incarnation);
    if (since === undefined || court.now - since > doubtMs || court.specs.get(unit)?.surge !== false) return;
    if (!reasons.get(replica)?.includes('its readiness probe fails') || !allAnswered(court, unit, since)) return;
    const truth = court.truth(incarnation);
    if (truth === undefined || !truth.serves || court.now - truth.lastIllAt < raceMs) return;
    court.blame('observer', `${replica} is stopped while probes fail and all callers of its users are answered`);
  };
  return {
    name: 'observer',
    event(event) {
      if (event.kind === 'Observed') for (const one of event.observation.replicas) note(one);
    },
    command(command) {
      if (command.kind === 'Tell' && command.note.kind === 'acted' && command.note.replica !== undefined)
        reasons.set(command.note.replica, command.note.text);
      if (command.kind === 'StopReplica' && command.graceMs > 0) orderly(command);
      if (command.kind !== 'StopReplica' || command.graceMs > 0 || blamed.has(command.incarnation)) return;
      const since = failingSince.get(command.incarnation);
      if (since === undefined || !served.has(command.incarnation) || !mostFailSince(court, since, failingSince)) return;
      const truth = court.truth(command.incarnation);
      if (truth === undefined || !truth.serves || court.now - truth.lastIllAt < raceMs) return;
      blamed.add(command.incarnation);
      court.blame('observer', `${command.replica} is killed while the probes of most services fail`);
    },
  };
};

function failsByProbeAlone(one: ReplicaObservation): boolean {
  const probe = one.startup.verdict !== 'fail' && (one.ready.verdict === 'fail' || one.live.verdict === 'fail');
  const stuck = (one.usage?.mainThreadStuckMs ?? 0) >= 1_000 || (one.traffic?.oldestWaitMs ?? 0) >= 1_000;
  return probe && one.process.kind === 'running' && seemsAwake(one) && !stuck;
}

function mostFailSince(court: Court, since: number, failingSince: ReadonlyMap<string, number>): boolean {
  const failing = [...court.seen].filter(
    ([incarnation]) => Math.abs((failingSince.get(incarnation) ?? Number.NEGATIVE_INFINITY) - since) <= togetherMs,
  );
  const units = new Set(failing.map(([, { observation }]) => splitReplicaId(observation.replica).unit));
  return failing.length >= mostRatio * court.seen.size && units.size >= unitsMin;
}

/** Probes fail those who use the unit, and every call of them since then was answered. */
function allAnswered(court: Court, unit: string, since: number): boolean {
  const accused = [...court.seen.values()].filter(({ observation, at }) => {
    const uses = court.specs.get(splitReplicaId(observation.replica).unit)?.uses ?? [];
    const calls = observation.traffic?.requests ?? 0;
    return uses.includes(unit) && failsByProbeAlone(observation) && calls > 0 && at - since >= 1_000;
  });
  return accused.length > 0 && accused.every(({ observation }) => observation.traffic?.errors === 0);
}
