// Who may testify that a process does not work: the kernel, its own heartbeat, its traffic, its probes. Each speaks for
// itself and at most once, because a kill needs two that are independent (INV-04). Absence of a witness is not testimony.
import { formatDuration } from '@hale/base';
import { limits } from '../limits.ts';
import type { Scene } from './finding.ts';

/** The kernel: the main thread burns CPU or waits in the kernel without a pause. Starvation never counts. */
export function kernelWitness({ life }: Scene): string | undefined {
  // A loop that is seen turning is busy, not stuck.
  const beat = life.seen?.heartbeat;
  if (beat?.kind === 'beating' && beat.stalledMs <= limits.turningMs) return undefined;
  const stuckMs = life.seen?.usage?.mainThreadStuckMs ?? 0;
  return stuckMs >= limits.witnessAfterMs
    ? `kernel: the main thread has been stuck for ${formatDuration(stuckMs)}`
    : undefined;
}

/** The process's own watcher. */
export function heartbeatWitness({ life }: Scene): string | undefined {
  const beat = life.seen?.heartbeat;
  if (beat?.kind === 'beating' && beat.stalledMs >= limits.suspectAfterMs) {
    return `heartbeat: the main loop has not turned for ${formatDuration(beat.stalledMs)}`;
  }
  if (beat?.kind === 'silent' && beat.silentMs >= limits.suspectAfterMs) {
    return `heartbeat: silent for ${formatDuration(beat.silentMs)}`;
  }
  return undefined;
}

/** Its callers: requests wait and none completes. Waiting for something that is down is no fault of its own. */
export function trafficWitness({ life, hostBusy, observerLagged, dependencyDown }: Scene): string | undefined {
  const traffic = life.seen?.traffic;
  if (traffic === undefined || hostBusy || observerLagged || dependencyDown !== undefined) return undefined;
  return traffic.oldestWaitMs >= limits.witnessAfterMs && traffic.requests === 0
    ? `traffic: the oldest of ${traffic.inFlight} requests has waited ${formatDuration(traffic.oldestWaitMs)}, none completes`
    : undefined;
}

/** Our questions to it. Void while the observer itself is in doubt (INV-05). */
export function probeWitness(scene: Scene): string | undefined {
  const { life } = scene;
  if (scene.hostBusy || scene.observerLagged || scene.observerSick || scene.dependencyDown !== undefined)
    return undefined;
  if (life.seen === undefined) return undefined;
  const { live, ready } = life.seen;
  if (live.verdict === 'fail') return `probe: liveness fails (${live.reason ?? 'no reason given'})`;
  if (ready.verdict === 'fail') return `probe: readiness fails (${ready.reason ?? 'no reason given'})`;
  return undefined;
}

/** Every testimony that is there, in the order of its weight. */
export function heard(...testimonies: readonly (string | undefined)[]): readonly string[] {
  return testimonies.filter((text) => text !== undefined);
}
