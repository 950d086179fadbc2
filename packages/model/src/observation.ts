// What was seen, reduced to what a decision needs. A field that is `unknown` or undefined says "nobody looked",
// which is not the same as "bad": missing data alone permits only reversible actions (INV-04).
import type { DegradedNotice } from './degraded.ts';
import type { Incarnation, ReplicaId, UnitName } from './names.ts';

/** The kernel's word on the process. 'stopped': SIGSTOP or a debugger (two witnesses by itself). A zombie is 'exited'. */
export type ProcessState =
  | { readonly kind: 'running' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'exited'; readonly code: number | undefined; readonly signal: string | undefined }
  | { readonly kind: 'unknown' };

/** The in-process watcher's word on the main loop. `stalledMs` counts the watcher's own ticks, so a machine that slept or starved adds little. */
export type Heartbeat =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'beating';
      /** How long the main loop has not turned; 0 when it turns. */
      readonly stalledMs: number;
      /** How long the next turn has been due by the clock, however little of the core it was given. Enough to suspect, never to condemn. */
      readonly lateMs?: number;
      /** Longest pause of the loop that ended by itself in the last 30 to 60 s of this life; what was longer before is forgotten here (the brain remembers). */
      readonly longestPauseMs: number;
      /** 99th percentile of loop lag in the last window. */
      readonly loopLagMs: number;
      /** A debugger is attached: pauses are not hangs. */
      readonly inspected: boolean;
    }
  /** It used to beat and has been silent for `silentMs` while the process exists. */
  | { readonly kind: 'silent'; readonly silentMs: number };

export type ProbeVerdict = 'unknown' | 'pass' | 'fail';

export interface ProbeObservation {
  readonly verdict: ProbeVerdict;
  /** Why it fails, in one line. */
  readonly reason: string | undefined;
  /** Consecutive failures so far. */
  readonly failures: number;
}

/** What the gateway (and SDK callers) saw of this replica in the last window. */
export interface TrafficObservation {
  readonly requests: number;
  readonly errors: number;
  readonly inFlight: number;
  /** Age of the oldest request that waits for a first byte; 0 when none waits. */
  readonly oldestWaitMs: number;
}

export interface UsageObservation {
  /** Share of one core in the last window. */
  readonly cpuRatio: number;
  readonly rssBytes: number;
  readonly openFiles: number;
  /**
   * The kernel's witness of a stall: how long the main thread has either burned CPU without pause or not been
   * scheduled at all by its own wait (never by starvation: a runnable thread that gets no CPU adds nothing).
   */
  readonly mainThreadStuckMs: number;
}

/** One replica as the platform sees it now. `incarnation` tells which life is meant. */
export interface ReplicaObservation {
  readonly replica: ReplicaId;
  readonly incarnation: Incarnation;
  readonly release: number;
  readonly pid: number | undefined;
  readonly address: string;
  readonly port: number | undefined;
  readonly process: ProcessState;
  /** Clock.mono() when it was spawned. */
  readonly startedAt: number;
  readonly heartbeat: Heartbeat;
  readonly startup: ProbeObservation;
  readonly ready: ProbeObservation;
  readonly live: ProbeObservation;
  readonly traffic: TrafficObservation | undefined;
  readonly usage: UsageObservation | undefined;
  /** Last lines of its output, only when it exited or failed to start (bounded, 2 kB). */
  readonly lastWords: string | undefined;
  /** The blocked stack, or why there is none; only while stalled. */
  readonly stack: string | undefined;
  /** What it says is missing while it answers by a fallback; absent when nothing is, or when it says nothing of the kind. */
  readonly degraded?: readonly DegradedNotice[] | undefined;
  /** What a node of a database cluster says of itself; undefined while it cannot be asked. */
  readonly database?: DatabaseObservation | undefined;
  /** How the disk of a database that is alone is; a cluster's node says it with the rest. */
  readonly disk?: DatabaseObservation['disk'];
  /** What else a person wants to know of it, in a few words: which server somebody else runs there. */
  readonly about?: string | undefined;
  /** What keeps it from a part of its work, in one line: a relay that alone is cut from a node. Shown and told; nobody is ended for it. */
  readonly trouble?: string | undefined;
  /** What the one that backs databases up says of each; undefined while it has said nothing. */
  readonly backups?: readonly BackupObservation[] | undefined;
}

/** The backups of one database. Times are Unix ms of this machine. */
export interface BackupObservation {
  readonly database: UnitName;
  readonly everyMs: number;
  readonly proveMs: number;
  /** Since when it is looked after by this process; what never happened is counted from here. */
  readonly since: number;
  /** The store has been read since then: what is absent below is not there. */
  readonly known: boolean;
  readonly lastBackup: { readonly id: string; readonly at: number } | undefined;
  readonly lastProof: ProofObservation | undefined;
  /** Undefined where the log is not followed. */
  readonly log: LogObservation | undefined;
  readonly doing: 'backup' | 'proof' | 'clean-up' | undefined;
  /** What went wrong last, in one line; '' once it has gone right again. */
  readonly lastError: string;
}

export interface ProofObservation {
  readonly backup: string;
  readonly at: number;
  readonly ok: boolean;
  /** The first thing that was wrong; ''. */
  readonly problem: string;
  /** From the order to a database that answers. */
  readonly rtoMs: number;
}

export interface LogObservation {
  /** The store holds all that was committed until then; 0: not known yet. */
  readonly completeUntil: number;
  /** Since when the store has not been complete although there is something that it lacks. */
  readonly behindSince: number | undefined;
  readonly spoolBytes: number;
  /** What is wrong with the database's side, or the store's; ''. */
  readonly trouble: string;
}

export interface DatabaseObservation {
  readonly role: 'primary' | 'standby';
  /** The highest term that the node has been told of, from its own disk. */
  readonly term: number;
  /** Where its log ends, in bytes: written (primary) or received and on disk (standby). */
  readonly logEnd: number;
  /** A standby: it receives from its primary now. A primary: true. */
  readonly streaming: boolean;
  /** A standby: age of the last transaction that it shows, where one is known to be missing. */
  readonly lagMs: number | undefined;
  /**
   * A primary: for how long, when it was last asked, something on its disk had not been told to be on that of enough standbys; 0 while all that it had
   * a moment ago arrives. Absent where it is not known.
   */
  readonly unsharedMs?: number | undefined;
  /** How long ago it said all this; absent: just now. One that cannot be asked is told of as it was. */
  readonly agoMs?: number | undefined;
  /** Of its data and its log. Full: the next pieces of the log do not fit. Gone: its folder is not there. Absent: something between, or not known. */
  readonly disk?: 'full' | 'free' | 'gone' | undefined;
}

/** The host as a whole. */
export interface HostObservation {
  readonly diskFreeBytes: number | undefined;
  readonly diskTotalBytes: number | undefined;
  /** Share of all cores in use in the last window. */
  readonly cpuRatio: number | undefined;
}

/**
 * A batch from the platform. `full` says that it lists everything that exists: what it does not list is gone.
 * A reduced batch lists what changed.
 */
export interface Observation {
  readonly full: boolean;
  readonly replicas: readonly ReplicaObservation[];
  readonly host: HostObservation | undefined;
}
