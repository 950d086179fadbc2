// A virtual process: what is really the matter with it. Only the simulator and the referees know this; the brain sees the
// eye's observations of it. Time is virtual milliseconds.
import type { Incarnation, ProbeVerdict, ReplicaId, UnitSpec } from '@hale/model';

export interface VirtualProcess {
  readonly replica: ReplicaId;
  readonly incarnation: Incarnation;
  readonly spec: UnitSpec;
  readonly release: number;
  readonly pid: number;
  readonly port: number;
  readonly spawnedAt: number;
  /** When its startup probe would pass; Infinity for a start that never ends. */
  startsAt: number;
  started: boolean;
  state: 'running' | 'stopped' | 'exited';
  exit: { code: number | undefined; signal: string | undefined; at: number } | undefined;
  /** Its parent died: nobody will know how it ends. */
  orphaned: boolean;
  blockedSince: number | undefined;
  stoppedSince: number | undefined;
  longestPauseMs: number;
  inspected: boolean;
  /** The readiness handler says no, whatever else. */
  unready: boolean;
  /** A database that it uses is down: whoever calls it gets an error. */
  cut: boolean;
  leakBytesPerMs: number;
  leakingSince: number | undefined;
  /** Ignores SIGTERM. */
  stubborn: boolean;
  terminating: boolean;
  /** Whether it would answer a probe now, and since when it is so. */
  answers: boolean;
  answersSince: number;
  ready: ProbeVerdict;
  live: ProbeVerdict;
  /** Something about it differs from what was last reported. */
  dirty: boolean;
  /** When something was last wrong with it (for the referee of false kills). */
  lastIllAt: number;
}

export function createProcess(of: {
  replica: ReplicaId;
  incarnation: Incarnation;
  spec: UnitSpec;
  release: number;
  pid: number;
  now: number;
  startMs: number;
  port?: number;
}): VirtualProcess {
  const { startMs, now, ...identity } = of;
  return {
    ...identity,
    port: of.port ?? 20_000 + of.pid,
    spawnedAt: now,
    startsAt: now + startMs,
    started: false,
    state: 'running',
    exit: undefined,
    orphaned: false,
    blockedSince: undefined,
    stoppedSince: undefined,
    longestPauseMs: 20,
    inspected: false,
    unready: false,
    cut: false,
    leakBytesPerMs: 0,
    leakingSince: undefined,
    stubborn: false,
    terminating: false,
    answers: false,
    answersSince: now,
    ready: 'unknown',
    live: 'unknown',
    dirty: true,
    lastIllAt: Number.NEGATIVE_INFINITY,
  };
}

/** Something is the matter with the process itself (not with the probe that asks it). */
export function isIll(process: VirtualProcess): boolean {
  return (
    process.state !== 'running' ||
    process.blockedSince !== undefined ||
    process.unready ||
    process.leakingSince !== undefined ||
    process.startsAt === Number.POSITIVE_INFINITY
  );
}

/** It really serves: started, runs, turns, says ready. */
export function reallyServes(process: VirtualProcess): boolean {
  return process.started && process.state === 'running' && process.blockedSince === undefined && !process.unready;
}
