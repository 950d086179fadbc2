// The picture of the memory that people and scripts are shown. Reads, never decides; whatever it says is derived from the
// same state that the next decision is made from.
import type {
  DegradedNotice,
  IncidentView,
  ReplicaPhase,
  ReplicaView,
  RotationState,
  SystemView,
  UnitView,
} from '@hale/model';
import { backupsOf, troubleOf } from './backups.ts';
import { servingWanted } from './budget.ts';
import { noticesOf } from './degraded.ts';
import { withoutRoomMs } from './detectors/full-disk.ts';
import { fullDiskOf } from './full-disk.ts';
import { limits } from './limits.ts';
import { isActive, isReady, isStanding, wants } from './lives.ts';
import { clusterState, describeNode, roleOf } from './postgres/picture.ts';
import { databaseTermFor } from './postgres/starts.ts';
import { rotationsOf } from './rotation.ts';
import { waitsFor } from './starting.ts';
import type { Brain, BrainState, Life, Slot, Unit } from './state.ts';
import { openWork, type Work } from './work.ts';

/** What the state does not know about the system: its name, id and zones. */
export interface SystemIdentity {
  readonly system: string;
  readonly id: string;
  readonly zones: readonly string[];
}

export function viewOf(state: BrainState, identity: SystemIdentity): SystemView {
  const work = openWork(state, state.at);
  const { brain } = work;
  const units = brain.units.map((unit) => viewUnit(work, unit));
  const backups = brain.units.flatMap((unit) => backupsOf(unit) ?? []);
  const recent = brain.ledger.filter((entry) => brain.now - entry.at < limits.ledgerWindowMs);
  return {
    system: identity.system,
    id: identity.id,
    release: brain.release,
    epoch: brain.epoch,
    at: brain.at,
    state: systemState(brain, units),
    zones: identity.zones,
    zonesSimulated: true,
    units,
    replicas: brain.units.flatMap((unit) => viewSlots(work, unit)),
    incidents: brain.incidents.map(({ openedMono: _, ...incident }): IncidentView => incident),
    ...(backups.length > 0 && { backups }),
    budget: { used: recent.length, max: limits.allActionsMax, windowMs: limits.ledgerWindowMs },
    ...(isBlind(brain) && { trouble: 'control took over a moment ago and has not looked yet' }),
  };
}

/** A new term knows its replicas from the book alone until the first full look: the picture must not pass for what is. */
const isBlind = (brain: Brain) =>
  brain.epoch > 0 && !brain.sawFull && brain.units.some((unit) => unit.slots.some((slot) => slot.lives.length > 0));

function systemState(brain: Brain, units: readonly UnitView[]): SystemView['state'] {
  if (brain.shutdown)
    return brain.units.some((unit) => unit.slots.some((slot) => slot.lives.length > 0)) ? 'stopping' : 'stopped';
  if (units.some((unit) => unit.state === 'held' || unit.state === 'down')) return 'degraded';
  if (units.some((unit) => unit.state === 'starting') || units.length === 0) return 'starting';
  if (brain.observerSick !== undefined || units.some((unit) => unit.state === 'healing')) return 'healing';
  return units.some((unit) => unit.state === 'degraded') ? 'degraded' : 'healthy';
}

function viewUnit(work: Work, unit: Unit): UnitView {
  const serving = servingWanted(unit);
  const degraded = noticesOf(unit);
  return {
    unit: unit.spec.name,
    role: unit.spec.role,
    wanted: unit.wanted,
    serving,
    uses: unit.spec.uses,
    ...unitState(work, unit, serving),
    ...(degraded.length === 0 ? {} : { degraded }),
  };
}

function unitState(work: Work, unit: Unit, serving: number): { state: UnitView['state']; why: string } {
  const lives = unit.slots.some((slot) => slot.lives.length > 0);
  if ((work.brain.shutdown || unit.wanted === 0) && !lives) return { state: 'stopped', why: 'nothing is wanted' };
  const wanted = unit.slots.filter((slot) => wants(slot, unit));
  const held = wanted.find((slot) => slot.held !== undefined);
  if (held?.held !== undefined) return { state: 'held', why: held.held.why };
  const cluster = clusterState(unit);
  const full = fullDiskOf(unit);
  if (cluster !== undefined && (cluster.state === 'down' || serving >= wanted.length)) {
    if (cluster.state !== 'healthy' || full === undefined) return cluster;
    return { state: 'degraded', why: `${cluster.why}; ${full}` };
  }
  if (serving >= wanted.length) {
    const missing = noticesOf(unit);
    const well = `${serving} of ${unit.wanted} serve`;
    const trouble = troubleOf(unit) ?? full ?? saidTrouble(unit);
    if (trouble !== undefined) return { state: 'degraded', why: trouble };
    if (missing.length === 0) return { state: 'healthy', why: well };
    return { state: 'degraded', why: `${well}, by fallback: ${missing.map(sayNotice).join('; ')}` };
  }
  const waits = waitsFor(work, unit);
  if (waits !== undefined) return { state: 'starting', why: `waits for ${waits}` };
  if (!unit.everServed) return { state: 'starting', why: 'its first replica is starting' };
  return { state: serving === 0 ? 'down' : 'healing', why: `${serving} of ${unit.wanted} serve` };
}

/** What its replicas say keeps them from a part of their work. */
function saidTrouble(unit: Unit): string | undefined {
  const said = unit.slots.flatMap(({ replica, lives }) =>
    lives.filter(isActive).flatMap(({ seen }) => (seen?.trouble === undefined ? [] : [`${replica}: ${seen.trouble}`])),
  );
  return said.length === 0 ? undefined : said.join('; ');
}

function sayNotice({ name, cause }: DegradedNotice): string {
  return `${name} is missing (${cause})`;
}

/** One row per life; a slot without a life still has its row. */
function viewSlots(work: Work, unit: Unit): ReplicaView[] {
  const rotations = rotationsOf(unit, work.brain.observerSick !== undefined);
  return unit.slots.flatMap((slot) => {
    const base = { replica: slot.replica, unit: unit.spec.name, restarts: slot.restarts };
    if (slot.lives.length === 0) return [{ ...base, ...emptyRow(work, unit, slot) }];
    return slot.lives.map((life) => ({
      ...base,
      ...phaseOf(unit, slot, life),
      rotation: rotations.get(life) ?? ('out' as RotationState),
      incarnation: life.incarnation,
      pid: life.seen?.pid,
      port: life.seen?.port,
      zone: life.zone,
      startedAt: life.startedAt,
      cpuRatio: life.seen?.usage?.cpuRatio,
      rssBytes: life.seen?.usage?.rssBytes,
      loopLagMs: life.seen?.heartbeat.kind === 'beating' ? life.seen.heartbeat.loopLagMs : undefined,
      release: life.release,
      ...roleOf(unit, slot, life),
    }));
  });
}

function emptyRow(work: Work, unit: Unit, slot: Slot): Omit<ReplicaView, 'replica' | 'unit' | 'restarts'> {
  const nothing = {
    incarnation: undefined,
    pid: undefined,
    port: undefined,
    startedAt: undefined,
    cpuRatio: undefined,
    rssBytes: undefined,
    loopLagMs: undefined,
  };
  return { ...nothing, zone: slot.zone, rotation: 'out', release: work.brain.release, ...waiting(work, unit, slot) };
}

function waiting(work: Work, unit: Unit, slot: Slot): { phase: ReplicaPhase; why: string } {
  if (work.brain.shutdown || !wants(slot, unit))
    return { phase: 'stopped', why: slot.drained ? 'drained' : 'not wanted' };
  if (slot.held !== undefined) return { phase: 'held', why: slot.held.why };
  const waits = waitsFor(work, unit);
  if (waits !== undefined) return { phase: 'waiting', why: `waits for ${waits}` };
  if (slot.refused !== undefined) return { phase: 'waiting', why: slot.refused };
  const exit = slot.lastExit === undefined ? '' : `it ${slot.lastExit}; `;
  if (databaseTermFor(unit, slot) === 'later')
    return { phase: 'waiting', why: `${exit}waits until there is a primary` };
  return { phase: 'waiting', why: exit === '' ? 'to be started' : `${exit}waits before the next start` };
}

function phaseOf(unit: Unit, slot: Slot, life: Life): { phase: ReplicaPhase; why: string } {
  if (life.stage === 'draining') return { phase: 'draining', why: 'finishes what is under way' };
  if (life.stage === 'stopping')
    return { phase: 'stopping', why: life.condemned === undefined ? 'stops' : 'is killed' };
  if (life.stage === 'starting')
    return { phase: 'starting', why: life.seen?.startup.reason ?? 'its startup probe has not passed yet' };
  if (life.suspect !== undefined) return { phase: 'sick', why: life.suspect.text };
  if (!isReady(unit, life)) return { phase: 'sick', why: life.seen?.ready.reason ?? 'not ready' };
  if (isStanding(life)) return { phase: 'sick', why: life.inspected ? 'a debugger holds it' : 'its main loop stands' };
  if (!isActive(life)) return { phase: 'stopped', why: '' };
  const missing = life.seen?.degraded ?? [];
  if (missing.length > 0) return { phase: 'serving', why: `by fallback: ${missing.map(sayNotice).join('; ')}` };
  const what = life.seen?.trouble ?? describeNode(unit, slot, life) ?? life.seen?.about ?? 'ready';
  return { phase: 'serving', why: withoutRoomMs(life) === undefined ? what : `${what}; its disk is full` };
}
