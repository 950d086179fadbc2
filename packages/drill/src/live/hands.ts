// What a live drill may touch of the running system. The command hands these in (it alone chooses adapters), so this
// room knows processes only as pids in a picture, and the control room only as something that can be asked.
import type { Order, SystemView, TrafficView } from '@hale/model';

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
  /** Sends a signal to one process of the system, by pid. */
  signal(pid: number, signal: 'SIGKILL' | 'SIGSTOP' | 'SIGTERM' | 'SIGCONT'): void;
  /** Knocks at a replica's fault door on its own port. Throws HALE_DRILL_DOOR_CLOSED when it has none. */
  knock(port: number, fault: string): Promise<void>;
  controlPid(): number | undefined;
  keeperPid(): number | undefined;
}

/** The result of one drill, the line that `hale drill run --json` ends with (DESIGN section 7). */
export interface DrillResult {
  readonly drill: string;
  readonly seed: number;
  readonly platform: string;
  readonly n: number;
  readonly verdict: 'healed' | 'escalated' | 'failed';
  /** Milliseconds from the fault to the first suspicion; undefined where nothing is suspected (a crash is known at once). */
  readonly suspectedMs: number | undefined;
  readonly detectedMs: number | undefined;
  readonly isolatedMs: number | undefined;
  /** From the fault to the remedy verified by its symptom. */
  readonly recoveredMs: number | undefined;
  readonly requests: {
    readonly total: number;
    readonly failed: number;
    readonly severed: number;
    readonly retried: number;
    /** Requests a second that were really sent. */
    readonly rps: number;
    readonly steadyP99Ms: number | undefined;
    readonly faultP99Ms: number | undefined;
  };
  readonly duplicates: number;
  readonly ackedLost: number;
  readonly budgetBreaches: number;
  /** Replicas that were restarted although nothing was wrong with them. */
  readonly falseActions: number;
  readonly incident: string | undefined;
  /** Every referee that is not content, in words; empty when the verdict stands. */
  readonly complaints: readonly string[];
}
