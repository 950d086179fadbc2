// What a cluster must offer to be measured, whoever wrote it: addresses for the clients, a whole state to start each trial from,
// and its primary's processes, to be killed from outside. Nothing in it may help the cluster to notice.
import type { Stroke } from './account.ts';

/** `engine`: the primary's PostgreSQL, all processes of it. `node`: the agent beside it as well, as when a machine is lost. */
export type StrokeKind = 'engine' | 'node';

export interface Contestant {
  /** Program, version and settings, as they are printed. */
  readonly label: string;
  readonly urls: readonly string[];
  /** Starts again what a stroke took, and resolves when three nodes are there and a commit waits for a standby. */
  whole(boundMs: number): Promise<void>;
  strike(kind: StrokeKind): Promise<Stroke>;
  close(): Promise<void>;
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks until `isSo` says yes. Rejects after `boundMs`, with what it was waiting for. */
export async function until(what: string, boundMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + boundMs;
  while (!(await isSo().catch(() => false))) {
    if (performance.now() > endMs) throw new Error(`waited ${boundMs} ms for ${what}`);
    await pause(100);
  }
}
