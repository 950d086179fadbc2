// What people and scripts see: the brain's state as a plain picture, and the story as a feed. The API serves these,
// the dashboard and `hale ps/status/incidents/explain --json` print them, drills judge by them.
import type { Stamp } from '@hale/base';
import type { NoteKind } from './command.ts';
import type { DegradedNotice } from './degraded.ts';
import type { RotationState } from './endpoint-table.ts';
import type { Incarnation, IncidentId, ReplicaId, UnitName } from './names.ts';
import type { BackupObservation } from './observation.ts';
import type { PromiseView } from './promise.ts';
import type { UnitRole } from './unit.ts';

export type ReplicaPhase =
  /** waits for what it uses, or for its restart delay */
  | 'waiting'
  | 'starting'
  | 'serving'
  /** runs but is not sent traffic: not ready, or suspected */
  | 'sick'
  | 'draining'
  | 'stopping'
  | 'stopped'
  /** given up for now: a person is asked */
  | 'held';

export interface ReplicaView {
  readonly replica: ReplicaId;
  readonly unit: UnitName;
  readonly incarnation: Incarnation | undefined;
  readonly pid: number | undefined;
  readonly port: number | undefined;
  readonly zone: string;
  readonly phase: ReplicaPhase;
  readonly rotation: RotationState;
  /** Why it is in this phase, in one line. */
  readonly why: string;
  readonly restarts: number;
  readonly startedAt: number | undefined;
  readonly cpuRatio: number | undefined;
  readonly rssBytes: number | undefined;
  readonly loopLagMs: number | undefined;
  readonly release: number;
  /** What it is in its database cluster. */
  readonly database?: 'primary' | 'standby';
}

export interface UnitView {
  readonly unit: UnitName;
  readonly role: UnitRole;
  readonly wanted: number;
  readonly serving: number;
  readonly uses: readonly UnitName[];
  /** 'degraded': all its replicas serve, by a fallback. */
  readonly state: 'healthy' | 'degraded' | 'healing' | 'starting' | 'down' | 'held' | 'stopped';
  readonly why: string;
  /** What is missing, and since when; also while it heals. */
  readonly degraded?: readonly DegradedNotice[];
}

export type CauseKind =
  | 'crash'
  | 'crash-loop'
  | 'hang'
  | 'blocked-loop'
  | 'not-ready'
  | 'not-live'
  | 'slow-start'
  | 'memory'
  | 'dependency-down'
  | 'degraded'
  /** a database's primary is lost, and no standby may take its place: too few of those that acknowledged can be asked */
  | 'no-quorum'
  | 'observer-or-shared-dependency'
  | 'disk'
  /** the last backup is older than twice its time, or there is none */
  | 'backup-overdue'
  /** what was restored is not what should be there */
  | 'proof-failed'
  | 'proof-overdue'
  /** the store lacks log for longer than a moment */
  | 'log-behind';

export interface IncidentView {
  readonly id: IncidentId;
  readonly unit: UnitName;
  readonly replicas: readonly ReplicaId[];
  readonly cause: CauseKind;
  readonly title: string;
  readonly evidence: readonly string[];
  readonly openedAt: Stamp;
  readonly suspectedAt: Stamp | undefined;
  readonly condemnedAt: Stamp | undefined;
  readonly isolatedAt: Stamp | undefined;
  readonly closedAt: Stamp | undefined;
  readonly outcome: 'open' | 'healed' | 'not-healed' | 'inconclusive';
  readonly remedies: readonly RemedyView[];
  readonly rejected: readonly { readonly remedy: string; readonly why: string }[];
  /** Blocked stack, exit code, last words: what a person wants to see first. */
  readonly attachment: string | undefined;
}

export interface RemedyView {
  readonly remedy: string;
  readonly at: Stamp;
  readonly target: string;
  readonly outcome: 'pending' | 'worked' | 'failed' | 'inconclusive';
}

export interface SystemView {
  readonly system: string;
  readonly id: string;
  readonly release: number;
  readonly epoch: number;
  readonly at: Stamp;
  readonly state: 'healthy' | 'healing' | 'starting' | 'degraded' | 'stopping' | 'stopped';
  readonly zones: readonly string[];
  readonly zonesSimulated: boolean;
  readonly units: readonly UnitView[];
  readonly replicas: readonly ReplicaView[];
  readonly incidents: readonly IncidentView[];
  /** Of each database that is backed up; absent where none is. */
  readonly backups?: readonly BackupObservation[];
  readonly budget: { readonly used: number; readonly max: number; readonly windowMs: number };
  /** What keeps Hale itself from acting (a full disk, no look yet since control took over): the rest is what was known before. */
  readonly trouble?: string;
}

/** One line of the story. `seq` is its place in the journal. */
export interface FeedLine {
  readonly seq: number;
  readonly at: Stamp;
  readonly kind: NoteKind;
  readonly unit: UnitName | undefined;
  readonly replica: ReplicaId | undefined;
  readonly incident: IncidentId | undefined;
  readonly text: string;
}

/** What the gateway's workers counted since they started, added up. */
export interface TrafficView {
  readonly requests: number;
  readonly failed: number;
  readonly severed: number;
  readonly retried: number;
  readonly held: number;
  readonly inFlight: number;
  readonly perUnit: Readonly<
    Record<UnitName, { requests: number; failed: number; p50Ms: number; p99Ms: number; rps: number }>
  >;
  /** Of each service with an slo, whether it keeps it. */
  readonly promises?: Readonly<Record<UnitName, PromiseView>>;
}
