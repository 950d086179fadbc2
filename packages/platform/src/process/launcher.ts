// A launcher is a recipe: given who is to be started, it says which program, where, with what in its environment and
// which of the keeper's sockets in its hands. One per unit role; the service's is service-launcher.ts, the gateway's and
// PostgreSQL's live in their own folders and are handed in by the cli.
// It refuses to start anything itself: that is the keeper's work.
import type {
  BackupObservation,
  CommandBody,
  DatabaseObservation,
  DatabaseTerm,
  Incarnation,
  ReplicaId,
  SystemSpec,
  UnitName,
} from '@hale/model';

/** Who is to be started. Stable for one incarnation, so a recipe may be asked again when a running one is adopted. */
export interface LaunchContext {
  readonly spec: SystemSpec;
  readonly release: number;
  readonly unit: UnitName;
  readonly replica: ReplicaId;
  readonly ordinal: number;
  readonly incarnation: Incarnation;
  readonly zone: string;
  /** A free port of 127.0.0.1 that is kept for this incarnation. Roles that listen on handed-on sockets ignore it. */
  readonly port: number;
  /** 0700, short (sockets fit); see decision 0002. */
  readonly runtimeDir: string;
  /** The folder of the declaration; `.hale/` lies in it. */
  readonly root: string;
  /** Of a node of a database cluster that is to be started: as what. Not told on adoption. */
  readonly database?: DatabaseTerm | undefined;
}

/** What one check of a replica gave. `isLasting`: no later check could find anything else, so none is made. */
export type CheckResult =
  | { readonly kind: 'pass'; readonly isLasting?: true }
  | { readonly kind: 'fail'; readonly reason: string };

/** A check that only the role knows how to make (PostgreSQL: does it answer a query). Must end when `signal` aborts. */
export type CustomCheck = (signal: AbortSignal) => Promise<CheckResult>;

export interface Launch {
  /** The program and its arguments; a bare name is looked up in PATH. */
  readonly argv: readonly string[];
  readonly cwd: string;
  /**
   * Added to the environment that Hale itself was started with. The platform adds HALE_SYSTEM, HALE_REPLICA, HALE_INCARNATION,
   * HALE_ZONE and HALE_RUNTIME_DIR by itself.
   */
  readonly env: Readonly<Record<string, string>>;
  /** Names of the keeper's sockets that the program inherits as descriptors 3, 4, ... in this order. */
  readonly listeners: readonly string[];
  /** Where the program answers, for probes and observations; undefined: nowhere. Default: the context's port. */
  readonly port?: number | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Work to do before each start (make a data folder); never called on adoption. Throws HaleError. Bounded by the command's deadline. */
  readonly prepare?: (() => Promise<void>) | undefined;
  /** Stands in for the startup and readiness checks of the unit's probes. */
  readonly check?: CustomCheck | undefined;
  /** What asks it to end; SIGTERM by default (PostgreSQL's fast shutdown is SIGINT). Sent to the program alone, not to its group, when set. */
  readonly stopSignal?: NodeJS.Signals | undefined;
  /** Orders that only the role understands. Gives where its log ends, when it was fenced. Throws HaleError. */
  readonly order?: ((order: NodeOrder) => Promise<number | undefined>) | undefined;
  /** What it says of itself besides, at no cost. */
  readonly database?: (() => DatabaseObservation) | undefined;
  /** Of a database that is alone: how its disk was at the last check, at no cost. */
  readonly disk?: (() => DatabaseObservation['disk']) | undefined;
  /** What else a person wants to know of it, in a few words and at no cost. */
  readonly about?: (() => string | undefined) | undefined;
  /** What keeps it from a part of its work, in one line and at no cost; nobody is ended for it. */
  readonly trouble?: (() => string | undefined) | undefined;
  /** What it says of the backups that it takes. */
  readonly backups?: (() => readonly BackupObservation[] | undefined) | undefined;
  /** Lets go of what the recipe holds open; the process has ended, or is somebody else's to watch. */
  readonly close?: (() => void) | undefined;
}

export type NodeOrder = Extract<CommandBody, { kind: 'FenceStandby' | 'FollowPrimary' | 'PromoteStandby' }>;

/** Gives the recipe. Cheap and repeatable: it is called at each start and again when a running replica is adopted. Throws HaleError. */
export type Launcher = (context: LaunchContext) => Promise<Launch>;
