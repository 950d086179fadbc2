// What a live drill may touch of the running system. The command hands these in (it alone chooses adapters), so this
// room knows processes only as pids in a picture, and the control room only as something that can be asked.
import type { Order, ReplicaId, SystemView, TrafficView } from '@hale/model';

export interface LiveHands {
  /** Where the load goes: the gateway's public address. */
  readonly gatewayUrl: string;
  /** 'process' today. */
  readonly platform: string;
  /** The present picture; undefined while the control room does not answer. */
  view(): Promise<SystemView | undefined>;
  /** What the gateway's workers counted; undefined while nobody answers. */
  traffic(): Promise<TrafficView | undefined>;
  order(order: Order): Promise<void>;
  /** Sends a signal to one process of the system, by pid; a pid that is gone is no error. */
  signal(pid: number, signal: string): void;
  /** Knocks at a replica's fault door on its own port. Throws HALE_DRILL_DOOR_CLOSED when it has none. */
  knock(port: number, fault: string): Promise<void>;
  /** Leaves a note that fault doors read when their program starts; undefined takes it away. */
  leaveNote(note: DrillNote | undefined): void;
  controlPid(): number | undefined;
  keeperPid(): number | undefined;
}

/** What new lives of these replicas (or of a whole unit) shall suffer, until then (Unix ms). */
export interface DrillNote {
  readonly whom: ReplicaId | string;
  readonly mode: 'crash' | 'stuck' | 'bad-probe';
  readonly untilWallMs: number;
}
