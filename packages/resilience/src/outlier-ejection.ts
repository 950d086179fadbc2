// The penalty bench: a host that fails several times in a row sits out for a while, longer each time. The bench is small
// (a share of the team, though always one seat), and when too many would sit on it, nobody does: then it is the game that
// is broken, not the players (panic). Pure bookkeeping; the balancer asks it. After Envoy's outlier detection.

export interface EjectionOptions {
  /** Failures in a row that send a host off. */
  readonly consecutiveErrors: number;
  /** First time out; doubled at each return that fails again. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** At most this share of the hosts is off at once, but one is always allowed. */
  readonly shareMax: number;
  /** With fewer than this share usable, ejections are ignored. */
  readonly panicRatio: number;
}

export interface Ejectable {
  errorsInRow: number;
  /** Times sent off without a lasting recovery between. */
  timesEjected: number;
  /** Sits out until then (mono ms); 0 when it plays. */
  ejectedUntilMs: number;
}

export interface OutlierEjection {
  succeeded(host: Ejectable, nowMs: number): void;
  /** Counts a failure; true when this one sent the host off. `hosts` is the whole team. */
  failed(host: Ejectable, hosts: readonly Ejectable[], nowMs: number): boolean;
  isOut(host: Ejectable, nowMs: number): boolean;
  /** True when so few are usable that the bench must be emptied. */
  isPanic(hosts: readonly Ejectable[], nowMs: number): boolean;
}

export function createOutlierEjection(options: EjectionOptions): OutlierEjection {
  const isOut = (host: Ejectable, nowMs: number) => host.ejectedUntilMs > nowMs;
  const countOut = (hosts: readonly Ejectable[], nowMs: number) => {
    let out = 0;
    for (const host of hosts) if (isOut(host, nowMs)) out++;
    return out;
  };
  return {
    isOut,
    succeeded(host, nowMs) {
      host.errorsInRow = 0;
      // Forgiven only after it has played as long as it last sat: one lucky answer does not wipe the record.
      if (host.timesEjected > 0 && nowMs - host.ejectedUntilMs > sentenceMs(host.timesEjected, options)) {
        host.timesEjected = 0;
      }
    },
    failed(host, hosts, nowMs) {
      host.errorsInRow++;
      if (host.errorsInRow < options.consecutiveErrors || isOut(host, nowMs)) return false;
      const seats = Math.max(1, Math.floor(hosts.length * options.shareMax));
      if (hosts.length < 2 || countOut(hosts, nowMs) >= seats) return false;
      host.timesEjected++;
      host.ejectedUntilMs = nowMs + sentenceMs(host.timesEjected, options);
      host.errorsInRow = 0;
      return true;
    },
    isPanic: (hosts, nowMs) => hosts.length - countOut(hosts, nowMs) < hosts.length * options.panicRatio,
  };
}

function sentenceMs(times: number, options: EjectionOptions): number {
  return Math.min(options.maxMs, options.baseMs * 2 ** (times - 1));
}
