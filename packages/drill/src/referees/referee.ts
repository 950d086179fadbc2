// What a referee is: somebody who watches the whole game, knows what the brain was told (and, where a rule is about
// the truth, what was really so), and blows the whistle. A referee never plays. Each has a canary that it must catch.
import type {
  Command,
  HaleEvent,
  Incarnation,
  Observation,
  ReplicaId,
  ReplicaObservation,
  UnitName,
  UnitSpec,
} from '@hale/model';

export interface Breach {
  readonly referee: string;
  /** Virtual or real milliseconds since the game began. */
  readonly at: number;
  readonly what: string;
}

/** What a referee may ask about the truth; undefined where nobody can know (live). */
export interface Truth {
  readonly serves: boolean;
  readonly exists: boolean;
  /** When something was last wrong with it; -Infinity: never. */
  readonly lastIllAt: number;
}

/** What the brain was told last about one life. */
export interface Seen {
  readonly observation: ReplicaObservation;
  readonly at: number;
}

/** The record that all referees share: kept by the court, read by them. */
export interface Court {
  readonly now: number;
  readonly seen: ReadonlyMap<Incarnation, Seen>;
  readonly specs: ReadonlyMap<UnitName, UnitSpec>;
  readonly wanted: ReadonlyMap<UnitName, number>;
  readonly drained: ReadonlySet<ReplicaId>;
  /**
   * A person has just moved its database to another region: whoever does not serve there then is given up on that person's word, by the
   * next leader if this one ends before it has done so.
   */
  isMoved(replica: ReplicaId): boolean;
  readonly shutdown: boolean;
  /** While true, no convergence is asked: faults are still going on. */
  readonly troubled: boolean;
  truth(incarnation: Incarnation): Truth | undefined;
  blame(referee: string, what: string): void;
}

/** What truly happens in a database cluster; only a simulation can know it. */
export type DatabaseFact =
  /** Clients of `replica`, a primary that counts by the names of `term`, were told that everything up to the mark is safe. */
  | {
      readonly kind: 'acknowledged';
      readonly unit: UnitName;
      readonly replica: ReplicaId;
      readonly term: number;
      readonly mark: LogMark;
      /** Where that line begins. */
      readonly from: number;
      /** Too few copies have it: it went by its own word. */
      readonly alone: boolean;
    }
  /** From here on it accepts writes as the primary of `term`; `holds` says whether its log then held something. */
  | {
      readonly kind: 'primary';
      readonly unit: UnitName;
      readonly replica: ReplicaId;
      readonly incarnation: Incarnation;
      readonly term: number;
      readonly holds: (mark: LogMark) => boolean;
      /** How far it then held that line; undefined: nothing of it. */
      readonly reach: (line: number) => number | undefined;
    }
  /** A client who wants to write was led to `replica` as the primary of `term`. `lacks`: what it was told is safe, and is not there. */
  | {
      readonly kind: 'led';
      readonly unit: UnitName;
      readonly relay: ReplicaId;
      readonly replica: ReplicaId;
      readonly term: number;
      readonly lacks: LogMark | undefined;
    }
  /** How a relay is now: nothing keeps it from leading to the primary, and whether it would. */
  | {
      readonly kind: 'relay';
      readonly unit: UnitName;
      readonly relay: ReplicaId;
      readonly incarnation: Incarnation;
      readonly isOpen: boolean;
      readonly leads: boolean;
    }
  /** A primary accepts writes, the table could be written, and it names that primary, or does not. */
  | { readonly kind: 'table'; readonly unit: UnitName; readonly names: boolean };

/** Everything up to `end` of one line of a log: each primary that takes over begins a line of its own. */
export interface LogMark {
  readonly line: number;
  readonly end: number;
}

export interface Referee {
  readonly name: string;
  database?(fact: DatabaseFact): void;
  event?(event: HaleEvent): void;
  command?(command: Command): void;
  /** Was put into the letter box of the control room that leads. */
  told?(observation: Observation): void;
  /** That control room is gone, and its letter box with it. */
  relieved?(): void;
  finish?(): void;
}

export type RefereeMaker = (court: Court) => Referee;
