// @ts-check
// How much of a tick the main thread could really have used: a thread that was kept waiting for a core is not hanging, however long
// its loop does not turn. Asks Linux (schedstat, stat); elsewhere every tick counts whole.
import { closeSync, openSync, readSync } from 'node:fs';

const buffer = Buffer.alloc(1024);

/**
 * @param {number} pid also the main thread's number
 * @param {(path: string) => string | undefined} read
 */
export function createStallMeter(pid, read = readFileOnce) {
  const folder = `/proc/${pid}/task/${pid}`;
  /** @type {{ cpuMs: number, waitedMs: number, at: number } | undefined} */
  let last;
  return {
    /**
     * Of the time since the last call, at most `tickMs`, what the thread spent running or asleep by its own will.
     * @param {number} now
     * @param {number} tickMs
     */
    count(now, tickMs) {
      const [cpuNs, waitedNs] = (read(`${folder}/schedstat`) ?? '').split(' ').map(Number);
      if (cpuNs === undefined || waitedNs === undefined || Number.isNaN(waitedNs)) return tickMs;
      const stat = read(`${folder}/stat`) ?? '';
      const state = stat.charAt(stat.lastIndexOf(')') + 2);
      const before = last;
      last = { cpuMs: cpuNs / 1e6, waitedMs: waitedNs / 1e6, at: now };
      // The first tick of a stall has nothing to be compared with.
      if (before === undefined) return tickMs;
      const ranMs = last.cpuMs - before.cpuMs;
      // Runnable: the wait that it is in now is not in the books yet, so only what it burned is certain.
      const usedMs = state === 'R' ? ranMs : now - before.at - (last.waitedMs - before.waitedMs);
      return Math.round(Math.min(tickMs, Math.max(0, usedMs)));
    },
    /** The loop has turned: the next stall is measured anew. */
    reset() {
      last = undefined;
    },
  };
}

/** @param {string} path */
function readFileOnce(path) {
  try {
    const fd = openSync(path, 'r');
    const length = readSync(fd, buffer, 0, buffer.length, 0);
    closeSync(fd);
    return buffer.toString('latin1', 0, length);
  } catch {
    return undefined;
  }
}
