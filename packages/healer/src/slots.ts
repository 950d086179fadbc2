// New cards: an empty slot and a new life, with every field at its start.
import { type Incarnation, replicaId, type UnitSpec } from '@hale/model';
import type { Life, Slot } from './state.ts';
import type { Work } from './work.ts';

/** Slots spread round-robin over the unit's zones; the last ones of a cluster stand in a region each. */
export function zoneOf(spec: UnitSpec, ordinal: number): string {
  const distant = spec.cluster?.regions?.distant ?? [];
  const region = distant[ordinal - (spec.replicas - distant.length)];
  if (region !== undefined) return region;
  return spec.zones[ordinal % Math.max(1, spec.zones.length)] ?? 'local';
}

export function createSlot(spec: UnitSpec, ordinal: number): Slot {
  return {
    replica: replicaId(spec.name, ordinal),
    ordinal,
    zone: zoneOf(spec, ordinal),
    lives: [],
    gone: [],
    restarts: 0,
    failures: 0,
    failedInRow: 0,
    exits: [],
    notBefore: 0,
    held: undefined,
    drained: false,
    replace: undefined,
    turnAt: undefined,
    trial: undefined,
    incident: undefined,
    refused: undefined,
    lastExit: undefined,
  };
}

export function createLife(work: Work, of: { incarnation: Incarnation; release: number; zone: string }): Life {
  return {
    ...of,
    stage: 'starting',
    orderedAt: work.now,
    startCommand: undefined,
    startTries: 0,
    acked: false,
    stopCommand: undefined,
    stopTries: 0,
    commandAfter: 0,
    drainUntil: 0,
    graceMs: 0,
    seen: undefined,
    seenAt: 0,
    startedAt: work.now,
    upAt: undefined,
    readyAt: undefined,
    longestPauseMs: 0,
    pauseSeenAt: 0,
    turnedAt: undefined,
    inspected: false,
    symptoms: { stopped: undefined, notReady: undefined, notLive: undefined, overMemory: 0 },
    suspect: undefined,
    condemned: undefined,
  };
}
