// The fuse box of the host: how much disk is left where the system's data lies, and how busy all cores are together.
import { statfsSync } from 'node:fs';
import os from 'node:os';
import type { HostObservation } from '@hale/model';

export function createHostMeter(folder: string): () => HostObservation {
  let last = cpuTimes();
  return () => {
    const next = cpuTimes();
    const total = next.total - last.total;
    const cpuRatio = total > 0 ? (next.busy - last.busy) / total : undefined;
    last = next;
    return { ...disk(folder), cpuRatio };
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
