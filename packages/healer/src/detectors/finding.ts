// What a detector says, and what it is shown. A detector is a doctor with one speciality: it looks at one life and
// either has nothing to say or gives a finding with its evidence. It orders nothing.
import type { CauseKind, UnitSpec } from '@hale/model';
import type { Life } from '../state.ts';

export interface Scene {
  readonly unit: UnitSpec;
  readonly life: Life;
  readonly now: number;
  /** Our own eyes were shut lately: nothing may be condemned on what was seen then. */
  readonly observerLagged: boolean;
  /** Probes fail across most services: they witness nothing. */
  readonly observerSick: boolean;
  /** The host has no CPU to spare: late answers witness nothing. */
  readonly hostBusy: boolean;
  /** The replica alone has this symptom, not its whole unit. */
  readonly alone: boolean;
  /** Something it uses has no serving replica. */
  readonly dependencyDown: string | undefined;
  /** Of a node of a database: how many others of its cluster have its data. */
  readonly othersWithData: () => number;
  /** Of the life that is the primary of a database: how many standbys were told to follow it, and how many receive. */
  readonly copies: () => Copies | undefined;
}

export interface Copies {
  readonly following: number;
  readonly receiving: number;
  /** All who may have acknowledged follow it, and have room: any of them may take over. */
  readonly haveRoom: boolean;
}

export interface Finding {
  readonly cause: CauseKind;
  /** Whether the evidence permits an irreversible remedy: two independent witnesses and enough time. */
  readonly condemned: boolean;
  /** A sentence without subject: 'its main loop has been blocked for 1.2s'. */
  readonly text: string;
  readonly evidence: readonly string[];
  /** It is sure and nothing is to be done to the one that says it: an incident at once, and no remedy. */
  readonly isTold?: true;
}

export type Detector = (scene: Scene) => Finding | undefined;
