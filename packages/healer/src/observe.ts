// Folding what was seen into the memory. The nurse's round: every card is updated with what was seen and when; nothing
// is decided. A full round also says who is gone, and finds those whom nobody had on a card (adoption).
import type { HostObservation, Observation, ReplicaObservation } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import { lifeEnded } from './endings.ts';
import { limits } from './limits.ts';
import { createLife, createSlot } from './slots.ts';
import type { Life, Slot, Unit } from './state.ts';
import { about, findUnit, give, tell, type Work } from './work.ts';

export function foldObservation(work: Work, observation: Observation): void {
  if (observation.host !== undefined) noteHost(work, observation.host);
  for (const seen of observation.replicas) foldReplica(work, seen, observation.full);
  if (!observation.full) return;
  dropUnlisted(work, new Set<string>(observation.replicas.map((one) => one.incarnation)));
  if (!work.brain.sawFull) greet(work, observation);
  work.brain.sawFull = true;
}

/** A host that was busy a moment ago has not caught up yet. */
function noteHost(work: Work, host: HostObservation): void {
  work.brain.host = host;
  if ((host.cpuRatio ?? 0) >= limits.hostBusyRatio) work.brain.hostBusyUntil = work.now + limits.hostBusyMs;
}

/** The first full look of a term: what runs is taken over, not touched (INV-08). */
function greet(work: Work, observation: Observation): void {
  const running = observation.replicas.filter(exists).length;
  if (work.brain.epoch > 1)
    tell(work, 'info', `a new control room leads (epoch ${work.brain.epoch}); ${running} replicas run on`);
}

function foldReplica(work: Work, seen: ReplicaObservation, full: boolean): void {
  const { unit: name, ordinal } = splitReplicaId(seen.replica);
  const unit = findUnit(work, name);
  if (unit === undefined) {
    foldStray(work, seen, full);
    return;
  }
  let slot = unit.slots.find((one) => one.ordinal === ordinal);
  if (slot === undefined) {
    if (!exists(seen) || ordinal >= limits.replicasMax) return;
    slot = createSlot(unit.spec, ordinal);
    unit.slots = [...unit.slots, slot].sort((a, b) => a.ordinal - b.ordinal);
  }
  const known = slot.lives.find((life) => life.incarnation === seen.incarnation);
  const life = known ?? adopt(work, unit, slot, seen);
  if (life === undefined) return;
  note(unit, life, seen, work);
  if (seen.process.kind === 'exited') lifeEnded(work, { unit, slot, life }, seen.process, seen.lastWords);
}

function exists(seen: ReplicaObservation): boolean {
  return seen.process.kind !== 'exited';
}

/** A running replica that is on no card is taken in, never restarted (INV-08). */
function adopt(work: Work, unit: Unit, slot: Slot, seen: ReplicaObservation): Life | undefined {
  if (!exists(seen) || slot.gone.includes(seen.incarnation) || slot.lives.length >= limits.livesMax) return undefined;
  const life = createLife(work, { incarnation: seen.incarnation, release: seen.release, zone: slot.zone });
  life.acked = true;
  // Where nobody has asked yet, a process that was found running is taken to serve.
  if (seen.startup.verdict !== 'fail') {
    life.stage = 'up';
    life.upAt = work.now;
    life.readyAt = work.now;
  }
  slot.lives = [...slot.lives, life].sort((a, b) => (a.incarnation < b.incarnation ? -1 : 1));
  tell(work, 'info', `${slot.replica} was found running and is adopted`, about(unit, slot));
  return life;
}

/** Runs with our token, but no declaration that we know of names it. */
function foldStray(work: Work, seen: ReplicaObservation, full: boolean): void {
  if (!full || work.brain.release === 0 || !exists(seen)) return;
  const reason = `${seen.replica} belongs to no declared service`;
  const stop = { kind: 'StopReplica', replica: seen.replica, incarnation: seen.incarnation, graceMs: 5_000 } as const;
  give(work, stop, { reason, deadlineMs: stop.graceMs + limits.stopMarginMs });
}

function note(unit: Unit, life: Life, seen: ReplicaObservation, { now, at }: Work): void {
  const { symptoms } = life;
  life.seen = seen;
  // It may have waited: what was seen a while ago was not seen now.
  life.seenAt = at.mono;
  life.startedAt = seen.startedAt;
  life.acked = true;
  life.startCommand = undefined;
  if (seen.heartbeat.kind === 'beating') {
    life.inspected = seen.heartbeat.inspected;
    notePauses(life, seen.heartbeat, now);
  }
  if (life.stage === 'starting' && seen.startup.verdict === 'pass' && seen.process.kind === 'running') {
    life.stage = 'up';
    life.upAt = now;
  }
  symptoms.stopped = seen.process.kind === 'stopped' ? (symptoms.stopped ?? now) : undefined;
  symptoms.notReady = seen.ready.verdict === 'fail' ? (symptoms.notReady ?? now) : undefined;
  symptoms.notLive = seen.live.verdict === 'fail' ? (symptoms.notLive ?? now) : undefined;
  noteDisk(life, seen, now);
  const max = unit.spec.memoryBytesMax;
  if (seen.usage !== undefined && max !== undefined) {
    symptoms.overMemory = seen.usage.rssBytes > max ? symptoms.overMemory + 1 : 0;
  }
  const answers = unit.spec.probes.ready === undefined ? seen.ready.verdict !== 'fail' : seen.ready.verdict === 'pass';
  if (life.stage === 'up' && answers) life.readyAt ??= now;
}

/** Who has ended says nothing of its disk any more: what was seen last stands. */
function noteDisk({ symptoms }: Life, { process, database, disk: own }: ReplicaObservation, now: number): void {
  if (process.kind === 'exited') return;
  const disk = database?.disk ?? own;
  symptoms.noRoom = disk === 'full' ? (symptoms.noRoom ?? now) : undefined;
  symptoms.dataGone = disk === 'gone' ? (symptoms.dataGone ?? now) : undefined;
}

/** Pauses of the start are the start's own; those of service make us patient, and are forgotten in time. */
function notePauses(life: Life, beat: { stalledMs: number; longestPauseMs: number }, now: number): void {
  if (life.stage !== 'up') return;
  if (beat.stalledMs <= limits.turningMs) life.turnedAt ??= now;
  const isForgotten = now - life.pauseSeenAt > limits.pauseMemoryMs;
  if (beat.longestPauseMs < life.longestPauseMs && !isForgotten) return;
  life.longestPauseMs = beat.longestPauseMs;
  life.pauseSeenAt = now;
}

/** Ordered and never confirmed, or so lately that the look may be older than its start. */
function mayBeUnseen(life: Life, now: number): boolean {
  return life.seen === undefined && (!life.acked || now - life.orderedAt < limits.lookAgeMs);
}

/** What a full observation does not list is gone, unless it may still come. */
function dropUnlisted(work: Work, listed: ReadonlySet<string>): void {
  for (const unit of work.brain.units) {
    for (const slot of unit.slots) {
      for (const life of slot.lives) {
        if (listed.has(life.incarnation) || mayBeUnseen(life, work.now)) continue;
        lifeEnded(work, { unit, slot, life }, undefined, undefined);
      }
    }
  }
}
