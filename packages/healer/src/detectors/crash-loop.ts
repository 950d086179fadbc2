// Exits that keep coming back: restarting is not the remedy. Counted per replica and per unit within one minute.
import { limits } from '../limits.ts';

/** `exits` (mono) that lie within the window that ends now. */
export function recentExits(exits: readonly number[], now: number): number[] {
  return exits.filter((at) => now - at < limits.loopWindowMs);
}

/** Why this is a crash loop, or undefined. A unit's bound grows with its size: losing all replicas at once is no loop. */
export function describeCrashLoop(of: {
  readonly replicaExits: number;
  readonly unitExits: number;
  readonly wanted: number;
}): string | undefined {
  if (of.replicaExits >= limits.replicaExitsMax) return `${of.replicaExits} exits within a minute`;
  const unitMax = Math.max(limits.unitExitsMax, 3 * of.wanted);
  if (of.replicaExits >= 2 && of.unitExits >= unitMax) return `${of.unitExits} exits of its service within a minute`;
  return undefined;
}
