// The fuse box of the host: how much disk is left where the system's data lies, and how busy all cores are together.
import { statfsSync } from 'node:fs';
import os from 'node:os';
import type { HostObservation } from '@hale/model';

/** Shorter windows say more of chance than of load, and looking costs. */
const windowMs = 1000;

/** Gives the reading of the last window; asked more often, the same one. */
export function createHostMeter(folder: string, now: () => number): () => HostObservation {
  let last = { at: now(), ...cpuTimes() };
  let reading: HostObservation = { ...disk(folder), cpuRatio: undefined };
  return () => {
    if (now() - last.at < windowMs) return reading;
    const next = { at: now(), ...cpuTimes() };
    const total = next.total - last.total;
    reading = { ...disk(folder), cpuRatio: total > 0 ? (next.busy - last.busy) / total : undefined };
    last = next;
    return reading;
  };
}

function disk(folder: string): Pick<HostObservation, 'diskFreeBytes' | 'diskTotalBytes'> {
  try {
    const { bavail, blocks, bsize } = statfsSync(folder);
    return { diskFreeBytes: bavail * bsize, diskTotalBytes: blocks * bsize };
  } catch {
    return { diskFreeBytes: undefined, diskTotalBytes: undefined };
  }
}

function cpuTimes(): { busy: number; total: number } {
  let busy = 0;
  let total = 0;
  for (const { times } of os.cpus()) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    total += used + times.idle;
  }
  return { busy, total };
}
