// When most patients in most wards look ill in the same minute, look at the thermometer first: probes that fail across
// services with no second witness accuse the observer or something shared, and nobody is killed (INV-05).
import { limits } from '../limits.ts';

/** One replica as far as this question goes. */
export interface ProbedReplica {
  readonly unit: string;
  /** Since when (mono) a probe of it fails; undefined when none does. */
  readonly failingSince: number | undefined;
  /** Another witness says the same: then it is really ill. */
  readonly corroborated: boolean;
}

/** Whether the observer (or something shared) is to be suspected, given whether it was before. */
export function isObserverSick(replicas: readonly ProbedReplica[], before: boolean): boolean {
  const failing = replicas.filter((one) => one.failingSince !== undefined && !one.corroborated);
  if (before) return failing.length > 0 && failing.length / replicas.length > limits.observerClearShare;
  if (failing.length < limits.observerShare * replicas.length || failing.length < 2) return false;
  const units = new Set(failing.map((one) => one.unit));
  if (units.size < limits.observerUnitsMin) return false;
  const since = failing.map((one) => one.failingSince ?? 0).sort((a, b) => b - a);
  const needed = Math.ceil(limits.observerShare * replicas.length) - 1;
  return (since[0] ?? 0) - (since[needed] ?? 0) <= limits.observerWindowMs;
}
