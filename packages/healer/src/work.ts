// One step's workbench: a private copy of the memory that may be written, the commands given so far, and the
// next moment worth waking for. The original is never touched; what is immutable (observations, specs) is shared.

import type { Stamp } from '@hale/base';
import { drawUnit, makeUlid } from '@hale/base';
import type {
  Command,
  CommandBody,
  CommandId,
  Incarnation,
  IncidentId,
  NoteKind,
  ReplicaId,
  UnitName,
} from '@hale/model';
import type { Brain, BrainState, Cluster, Life, Slot, Unit } from './state.ts';

export interface Work {
  readonly brain: Brain;
  readonly at: Stamp;
  readonly now: number;
  readonly commands: Command[];
  /** The earliest time (mono) at which a decision falls due without an event. */
  wakeAt: number;
}

/** Copies what a step may write: the cards, not what is pinned to them. */
export function openWork(state: BrainState, at: Stamp): Work {
  const source = state as unknown as Brain;
  const now = at.bootId === source.at.bootId ? Math.max(source.now, at.mono) : at.mono;
  const brain: Brain = { ...source, at, now, units: source.units.map(copyUnit), incidents: source.incidents };
  return { brain, at, now, commands: [], wakeAt: Number.POSITIVE_INFINITY };
}

function copyUnit(unit: Unit): Unit {
  const copy = { ...unit, slots: unit.slots.map(copySlot) };
  if (unit.cluster !== undefined) copy.cluster = copyCluster(unit.cluster);
  return copy;
}

function copyCluster(cluster: Cluster): Cluster {
  const election = cluster.election && { ...cluster.election, fenced: [...cluster.election.fenced] };
  const alone = cluster.alone && { ...cluster.alone };
  return { ...cluster, joined: [...cluster.joined], election, alone };
}

function copySlot(slot: Slot): Slot {
  const copy = { ...slot, lives: slot.lives.map(copyLife) };
  if (slot.trial !== undefined) copy.trial = { ...slot.trial };
  return copy;
}

function copyLife(life: Life): Life {
  const copy = { ...life, symptoms: { ...life.symptoms } };
  if (life.node !== undefined) copy.node = { ...life.node };
  return copy;
}

export interface CommandFrame {
  readonly reason: string;
  readonly incident?: IncidentId | undefined;
  readonly deadlineMs?: number;
}

/** Gives a command; its id is unique within the epoch, so that executors can tell a repeat from a new order. */
export function give(work: Work, body: CommandBody, frame: CommandFrame): CommandId {
  const { brain } = work;
  brain.commandSeq++;
  const id = `${brain.epoch}.${brain.commandSeq}` as CommandId;
  const head = {
    id,
    epoch: brain.epoch,
    at: work.at,
    deadlineMs: frame.deadlineMs ?? 5_000,
    reason: frame.reason,
    incident: frame.incident,
  };
  work.commands.push({ ...head, ...body });
  return id;
}

export interface Subject {
  readonly unit?: UnitName | undefined;
  readonly replica?: ReplicaId | undefined;
  readonly incident?: IncidentId | undefined;
}

/** A line of the story. */
export function tell(work: Work, kind: NoteKind, text: string, about: Subject = {}): void {
  give(
    work,
    { kind: 'Tell', note: { kind, unit: about.unit, replica: about.replica, text } },
    { reason: text, incident: about.incident },
  );
}

/** What a line about this slot is filed under. */
export function about(unit: Unit, slot: Slot): Subject {
  return { unit: unit.spec.name, replica: slot.replica, incident: slot.incident };
}

/** Asks that a step happens no later than `mono`. */
export function wakeBy(work: Work, mono: number): void {
  if (mono > work.now && mono < work.wakeAt) work.wakeAt = mono;
}

/** A draw in [0, 1) from the journaled seed (INV-01). */
export function draw(work: Work): number {
  const drawn = drawUnit(work.brain.rng);
  work.brain.rng = drawn.next;
  return drawn.value;
}

export function mintIncarnation(work: Work): Incarnation {
  const minted = makeUlid(work.at.wall, work.brain.rng);
  work.brain.rng = minted.next;
  return minted.id as Incarnation;
}

export function findUnit(work: Work, name: UnitName): Unit | undefined {
  return work.brain.units.find((unit) => unit.spec.name === name);
}
