// The healer's memory: plain JSON that a journal can hold. A clinic's card index: per unit its specification, per replica
// (slot) its bed, per incarnation (life) the patient in it now. A slot holds two lives while a replacement runs
// beside the one it replaces. Types here are writable for the working copy of one step; outside, BrainState is read-only.
import { type RngState, type Stamp, seedRng } from '@hale/base';
import type {
  CauseKind,
  CommandId,
  Endpoint,
  HostObservation,
  Incarnation,
  IncidentId,
  IncidentView,
  ReplicaId,
  ReplicaObservation,
  UnitName,
  UnitSpec,
} from '@hale/model';

export const stateVersion = 1;

/** 'starting' until the startup probe has passed once; then 'up'; 'draining' and 'stopping' never go back. */
export type Stage = 'starting' | 'up' | 'draining' | 'stopping';

/** Since when (mono, as observed, not as waited) a symptom has been there without a break. */
export interface Symptoms {
  stopped: number | undefined;
  notReady: number | undefined;
  notLive: number | undefined;
  /** Its disk is full since then; absent in memories of older builds. */
  noRoom?: number | undefined;
  /** Its data folder is not there since then; absent likewise. */
  dataGone?: number | undefined;
  overMemory: number;
}

export interface Life {
  incarnation: Incarnation;
  release: number;
  zone: string;
  stage: Stage;
  orderedAt: number;
  /** In flight, or undefined: not given yet, finished, or of an earlier epoch. */
  startCommand: CommandId | undefined;
  startTries: number;
  /** The executor has said that it was started: it is not started again under the same incarnation. */
  acked: boolean;
  stopCommand: CommandId | undefined;
  stopTries: number;
  /** No command is given for this life before. */
  commandAfter: number;
  drainUntil: number;
  graceMs: number;
  seen: ReplicaObservation | undefined;
  seenAt: number;
  startedAt: number;
  upAt: number | undefined;
  readyAt: number | undefined;
  /** The longest pause that ended by itself lately, and when it was last told of. */
  longestPauseMs: number;
  pauseSeenAt: number;
  /** When its main loop was first seen turning after the start; before that a blocked loop is still the start's. */
  turnedAt: number | undefined;
  inspected: boolean;
  symptoms: Symptoms;
  suspect: { cause: CauseKind; at: number; text: string } | undefined;
  condemned: { cause: CauseKind; at: number } | undefined;
  /** Of a database cluster: what it was told there. */
  node?: ClusterNode;
}

/** One node of a database cluster, in one life. */
export interface ClusterNode {
  /** Its data was judged right for this term by an election; what it started with, it says itself. */
  fit: number;
  /** It was told to follow the primary of this term; 0: of none. */
  follows: number;
  /** In flight, and what for. */
  command: { id: CommandId; kind: 'fence' | 'promote' | 'follow' | 'alone' | 'share' } | undefined;
  /** Not asked again before (mono). */
  notBefore: number;
  /** When it was told so: what was seen before says nothing of it. */
  followedAt?: number | undefined;
  /** Since when it follows without receiving. */
  dryAt: number | undefined;
  /** Of that, since when its primary could be asked. */
  apartAt?: number | undefined;
  /** Where its log ended then. */
  dryEnd?: number | undefined;
  /** How often in a row it could not do what it was told. */
  inVain?: number | undefined;
  /** In this term it holds something that its primary has not, or could not be asked. */
  astray?: number | undefined;
  /** Why it last could not do what it was told, so that it is told once. */
  refused?: string | undefined;
}

/** The memory of one database cluster (healer/postgres). */
export interface Cluster {
  /** Grows with every choice of a primary. */
  term: number;
  primary: ReplicaId;
  /** The life of the primary that is known to accept writes in this term. */
  open: Incarnation | undefined;
  /** Standbys that may have acknowledged a commit of this term. Only grows within a term. */
  joined: ReplicaId[];
  /** Where the primary's log ended when it began this term, in bytes: all that was acknowledged in earlier terms lies below. Undefined until it has begun. */
  baseline: number | undefined;
  election: Election | undefined;
  /** The term before, and where its log ended in whoever took over: who was right for that term and holds no more is right for this one. */
  before?: { readonly term: number; readonly end: number } | undefined;
  /** The last thing that kept a failover from happening, so that it is told once. */
  refused: string | undefined;
  /** Its primary acknowledges, or may have acknowledged, by itself (postgres/alone.ts). */
  alone?: Alone | undefined;
  /** Since when too few standbys are connected. */
  dryAt?: number | undefined;
  /** Since when there is no primary. */
  lostAt?: number | undefined;
  /** The node of another region that a person wants as the primary (postgres/move.ts). */
  moving?: ReplicaId | undefined;
  /** Where the primary's log ended when it was last seen, in bytes. */
  lastEnd?: number | undefined;
  lastEndAt?: number | undefined;
}

export interface Alone {
  readonly since: number;
  /** The life that was ever told to go on alone, whether it answered or not. */
  told: Incarnation | undefined;
  /** It answered. */
  does: boolean;
  /** Since when it waits for a standby again. */
  sharedAt: number | undefined;
}

export interface Election {
  /** The term that will follow. */
  term: number;
  since: number;
  /** Those who will acknowledge nothing more, and where their log ends, in bytes. */
  fenced: { replica: ReplicaId; incarnation: Incarnation; logEnd: number }[];
  /** One is enough, and it may lack something: 'available', and the old primary did not come back. */
  lossy?: true;
}

/** A remedy whose proof is awaited: the life it made, and since when that life has been good. */
export interface Trial {
  incarnation: Incarnation;
  remedy: string;
  begunAt: number;
  goodSince: number | undefined;
}

export interface Hold {
  since: number;
  why: string;
  /** 'start': nothing runs and a slow try follows. 'replace': the old life keeps running, the replacement was given up. */
  kind: 'start' | 'replace';
  retryAt: number;
  /** The old life was ill as well: the failure may have come from outside, and its recovery is worth another try. */
  oldIll: boolean;
  /** The call to a person, until it is known to have gone out. */
  page: CommandId | undefined;
}

export interface Slot {
  replica: ReplicaId;
  ordinal: number;
  zone: string;
  /** Oldest first; those that are gone are removed. */
  lives: Life[];
  gone: Incarnation[];
  restarts: number;
  failures: number;
  failedInRow: number;
  exits: number[];
  notBefore: number;
  held: Hold | undefined;
  drained: boolean;
  /** The incarnation that somebody wants replaced, and why. */
  replace: { of: Incarnation; remedy: string; why: string; cause?: 'not-ready' } | undefined;
  /** It is this slot's turn: a planned replacement is under way since then. */
  turnAt: number | undefined;
  trial: Trial | undefined;
  incident: IncidentId | undefined;
  /** The last refusal told, so that it is told once. */
  refused: string | undefined;
  lastExit: string | undefined;
  /** Its data must be copied anew at the next start (a node of a database cluster). */
  rebuild?: boolean;
}

export interface Unit {
  spec: UnitSpec;
  wanted: number;
  /** The declaration no longer names it: it goes away. */
  removed: boolean;
  everServed: boolean;
  serving: number;
  exits: number[];
  /** Fingerprint by release, newest last. */
  prints: { release: number; fingerprint: string }[];
  slots: Slot[];
  /** Absent where every replica stands for itself. */
  cluster?: Cluster | undefined;
  /** It answers by a fallback since then (mono); absent in memories of older builds. */
  degraded?: { since: number; wholeSince: number | undefined; incident: IncidentId | undefined } | undefined;
  /** Of the unit that backs databases up: what is the matter, and where it is filed. */
  backups?: readonly BackupTrouble[] | undefined;
}

export interface BackupTrouble {
  readonly database: UnitName;
  readonly cause: CauseKind;
  readonly title: string;
  readonly incident: IncidentId;
}

export interface LedgerEntry {
  at: number;
  unit: UnitName;
  replica: ReplicaId;
}

/** An incident as it is kept: what people see, and what the healer needs to close it. */
export type Incident = { -readonly [K in keyof IncidentView]: IncidentView[K] } & { openedMono: number };

export interface Brain {
  stateVersion: number;
  epoch: number;
  rng: RngState;
  at: Stamp;
  now: number;
  commandSeq: number;
  incidentSeq: number;
  release: number;
  sawFull: boolean;
  shutdown: boolean;
  units: Unit[];
  ledger: LedgerEntry[];
  incidents: Incident[];
  host: HostObservation | undefined;
  /** Until then late answers witness nothing. */
  hostBusyUntil: number;
  discountUntil: number;
  /** Set while probes fail across most services with no second witness. */
  observerSick: { since: number; incident: IncidentId } | undefined;
  table: Table;
  /** Identity of the system, learnt from whoever steps us; '' until then. */
  system: string;
  wakeAt: number | undefined;
}

/** The endpoint table as it was published last. */
export interface Table {
  readonly seq: number;
  /** What it says, in short; '' until there is one. */
  readonly key: string;
  readonly endpoints: readonly Endpoint[];
  /** That it be written. */
  readonly command?: CommandId;
  /** The last try failed, and it was said: routers go by an older one. */
  readonly isOverdue?: boolean;
  /** It is published again then. */
  readonly retryAt?: number;
}

type Frozen<T> = T extends string | number | boolean | undefined
  ? T
  : T extends (infer U)[]
    ? readonly Frozen<U>[]
    : T extends object
      ? { readonly [K in keyof T]: Frozen<T[K]> }
      : T;

/** The healer's memory between two steps. Plain JSON; never changed in place. */
export type BrainState = Frozen<Brain>;

/** The memory of a healer that has seen nothing. `system` is written into the endpoint tables it publishes. */
export function initialState(system = ''): BrainState {
  return {
    stateVersion,
    epoch: 0,
    rng: seedRng(0),
    at: { wall: 0, mono: 0, bootId: '' },
    now: 0,
    commandSeq: 0,
    incidentSeq: 0,
    release: 0,
    sawFull: false,
    shutdown: false,
    units: [],
    ledger: [],
    incidents: [],
    host: undefined,
    hostBusyUntil: 0,
    discountUntil: 0,
    observerSick: undefined,
    table: { seq: 0, key: '', endpoints: [] },
    system,
    wakeAt: undefined,
  };
}

/** Reads back what JSON.stringify made of a state; undefined when it is not one that this version knows. */
export function restoreState(json: string): BrainState | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const state = value as BrainState;
  return state.stateVersion === stateVersion && Array.isArray(state.units) ? state : undefined;
}
