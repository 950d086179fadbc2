// What control and its counter say to each other. The counter (API worker) runs in a thread of its own; it holds no state that
// matters, and everything that changes something goes to control and comes back as an answer with the same ticket.
import type { Order, ServiceSpec, UnitName } from '@hale/model';

/** What the worker is born with. */
export interface ApiWorkerData {
  /** An inherited descriptor that is bound already, or (tests) a port of 127.0.0.1. */
  readonly listen: { readonly fd: number } | { readonly port: number };
  readonly token: string;
  readonly journalFile: string;
  readonly logFolder: string;
  readonly runtimeDir: string;
  /** The built dashboard; undefined or missing: its page says how to build it. */
  readonly assetFolder: string | undefined;
}

export interface ApiFault {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** What a caller asks control to do. */
export type ApiRequest =
  | { readonly kind: 'order'; readonly order: Order; readonly by: string }
  | { readonly kind: 'declare'; readonly release: number };

export type ApiOutcome = { readonly ok: true; readonly id: string } | { readonly ok: false; readonly fault: ApiFault };

export type Objectives = Readonly<Record<UnitName, ServiceSpec['slo']>>;

export type ToWorker =
  /** The newest picture as JSON, and how far the story has been told. */
  | { readonly kind: 'view'; readonly view: string; readonly toldSeq: number }
  | { readonly kind: 'secrets'; readonly values: readonly string[] }
  /** What was promised of each service of the release in force. */
  | { readonly kind: 'objectives'; readonly objectives: Objectives }
  | { readonly kind: 'outcome'; readonly ticket: number; readonly outcome: ApiOutcome }
  | { readonly kind: 'close' };

export type FromWorker =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'request'; readonly ticket: number; readonly request: ApiRequest }
  | { readonly kind: 'fault'; readonly message: string };
