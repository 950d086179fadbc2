// Two witnesses of one street: what the balancer counted and what the pilot's own worker, which holds requests for it, counted; added up into the
// sheet that others read (`gateway/0.json`). A request that was held was seen by both, and is counted as the balancer's.
import type { GatewayStats, ReplicaTraffic } from '../gateway/stats.ts';
import type { ProxyTally } from './proxy-program.ts';

export function addTallies(own: GatewayStats, seen: ProxyTally): GatewayStats {
  const replicas: Record<string, ReplicaTraffic> = { ...own.replicas };
  for (const [incarnation, traffic] of Object.entries(seen.replicas)) {
    const held = replicas[incarnation];
    replicas[incarnation] =
      held === undefined
        ? traffic
        : {
            requests: held.requests + traffic.requests,
            errors: held.errors + traffic.errors,
            inFlight: held.inFlight + traffic.inFlight,
            oldestWaitMs: Math.max(held.oldestWaitMs, traffic.oldestWaitMs),
          };
  }
  return {
    ...own,
    totals: {
      ...seen.totals,
      severed: seen.totals.severed + own.totals.severed,
      retried: seen.totals.retried + own.totals.retried,
      held: Math.max(seen.totals.held, own.totals.held),
      inFlight: Math.max(seen.totals.inFlight, own.totals.inFlight),
    },
    replicas,
    perUnit: { ...own.perUnit, ...seen.perUnit },
  };
}
