// The clock a policy uses when it is handed none: the host's own, in Node, Bun, Deno, a browser or a worker. The only place of this room that
// touches time, and it is replaced whole by a virtual clock in tests. `mono` is performance.now, which never steps.
import type { PolicyClock } from './policy/types.ts';

/** What this file needs of its host; spelled out because this room is compiled without Node's and the browser's types. */
interface HostTime {
  performance: { now(): number };
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
}

const host = globalThis as unknown as HostTime;
/** Read once: as a property of globalThis it is a getter, which costs as much as the time itself. */
const { performance } = host;
const release = (handle: unknown) => (handle as { unref?(): void }).unref?.();

/** One for the process, so that all policies share one timer. */
export const hostClock: PolicyClock = {
  mono: () => performance.now(),
  wall: () => Date.now(),
  after(ms, fn, unref = false) {
    const handle = host.setTimeout(fn, Math.max(0, ms));
    if (unref) release(handle);
    return { cancel: () => host.clearTimeout(handle) };
  },
};
