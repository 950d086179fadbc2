// A photograph of the usher's book, for `/metrics`, `hale ps` and whoever asks why a host gets nothing. Copies only; changes nothing.
import type { BalancerHost } from './balancer-host.ts';
import type { Detector, OutlierEjection } from './outlier-ejection.ts';

export interface BalancerSnapshot {
  readonly hosts: readonly HostSnapshot[];
  /** What half of the hosts or more suffer from together: look at what they share. */
  readonly sharedFaults: readonly ('errors' | 'slow')[];
  /** So few are usable that ejections are ignored. */
  readonly isPanic: boolean;
  /** What a typical host takes for an answer; 0 while unknown. */
  readonly typicalMs: number;
}

export interface HostSnapshot {
  readonly id: string;
  readonly pending: number;
  /** Latency and failures in one figure, as the choice is made by it. */
  readonly costMs: number;
  /** Share of failures among the latest answers, 0 to 1. */
  readonly failing: number;
  readonly errorsInRow: number;
  /** Milliseconds left to sit out; 0 when it plays. */
  readonly ejectedForMs: number;
  readonly ejectedBy: Detector | undefined;
  readonly timesEjected: number;
}

export function toSnapshot<H extends BalancerHost>(
  hosts: readonly H[],
  ejection: OutlierEjection<H>,
  { nowMs, penaltyMs, isPanic }: { nowMs: number; penaltyMs: number; isPanic: boolean },
): BalancerSnapshot {
  const one = (host: H): HostSnapshot => {
    const ejectedForMs = Math.max(0, host.ejectedUntilMs - nowMs);
    return {
      id: host.member.id,
      pending: host.pending,
      costMs: host.ewma.cost(nowMs, penaltyMs),
      failing: host.ewma.failing,
      errorsInRow: host.errorsInRow,
      ejectedForMs,
      ejectedBy: ejectedForMs > 0 ? host.ejectedFor : undefined,
      timesEjected: host.timesEjected,
    };
  };
  return { hosts: hosts.map(one), sharedFaults: ejection.sharedFaults, isPanic, typicalMs: ejection.typicalMs };
}
