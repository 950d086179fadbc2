// The street map (table v1, DESIGN section 4): which replica of which service answers where, and whether to send it anyone.
// Routers keep the last good copy on disk and order copies by (epoch, seq). Only the brain writes it.
import type { Incarnation, ReplicaId, UnitName } from './names.ts';

export interface EndpointTable {
  readonly version: 1;
  readonly system: string;
  readonly epoch: number;
  readonly seq: number;
  readonly endpoints: readonly Endpoint[];
  /** Where each database cluster is written and read; absent where no cluster was declared. */
  readonly databases?: readonly DatabaseEndpoints[];
}

/** The way to one database cluster. A relay leads everybody there, and cuts whoever is still with a primary that was deposed. */
export interface DatabaseEndpoints {
  readonly name: UnitName;
  /** Grows with every change of primary: of two ways the one with the higher term is right. */
  readonly term: number;
  /** Undefined while there is none: connections wait. */
  readonly primary: DatabaseNode | undefined;
  /** Standbys that stream and may be read. */
  readonly readers: readonly DatabaseNode[];
}

export interface DatabaseNode {
  readonly replica: ReplicaId;
  readonly address: string;
  readonly port: number;
}

/** 'in': send traffic. 'suspect': only if no other is in. 'draining': finish what is under way, nothing new. 'out': nothing. */
export type RotationState = 'in' | 'suspect' | 'draining' | 'out';

export interface Endpoint {
  readonly service: UnitName;
  readonly replica: ReplicaId;
  readonly incarnation: Incarnation;
  readonly address: string;
  readonly port: number;
  readonly zone: string;
  readonly region: string;
  /** Relative share among those 'in'; 100 by default. */
  readonly weight: number;
  readonly state: RotationState;
  readonly release: number;
}

/** True when `a` is newer than `b`. */
export function isNewerTable(a: EndpointTable, b: EndpointTable | undefined): boolean {
  return b === undefined || a.epoch > b.epoch || (a.epoch === b.epoch && a.seq > b.seq);
}
