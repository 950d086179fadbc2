// The house clock: the one place where time is read. Everything else is handed a Clock, so a
// simulator can turn the hands itself (see testing.ts). `mono` never steps back and is the only
// time used for durations; `wall` is for people. Both are milliseconds.

/** A point in time: `wall` (Unix ms, for people), `mono` (ms since an arbitrary start of this boot), and the boot it belongs to. */
export interface Stamp {
  readonly wall: number;
  readonly mono: number;
  readonly bootId: string;
}

/** A running timer. `cancel` is idempotent. */
export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds. Never compare across hosts or boots. */
  mono(): number;
  /** Unix milliseconds. For people only: it may step. */
  wall(): number;
  /** Runs `fn` once after `ms` (a moment that has passed already is now). A timer never keeps the process alive when `unref` is true. */
  after(ms: number, fn: () => void, unref?: boolean): Timer;
  /** Runs `fn` every `ms`, unref'd. */
  every(ms: number, fn: () => void): Timer;
}

/** The machine's clock. `mono` is CLOCK_MONOTONIC, shared by every process of one boot. */
export function createSystemClock(): Clock {
  const host = globalThis as unknown as HostTime;
  return {
    mono: () => Number(host.process.hrtime.bigint()) / 1e6,
    wall: () => Date.now(),
    after(ms, fn, unref = false) {
      const handle = host.setTimeout(fn, Math.max(0, ms));
      if (unref) handle.unref?.();
      return { cancel: () => host.clearTimeout(handle) };
    },
    every(ms, fn) {
      const handle = host.setInterval(fn, ms);
      handle.unref?.();
      return { cancel: () => host.clearInterval(handle) };
    },
  };
}

/** What this file needs of its host; spelled out because this room is compiled without Node's types. */
interface HostTime {
  process: { hrtime: { bigint(): bigint } };
  setTimeout(fn: () => void, ms: number): { unref?(): void };
  clearTimeout(handle: unknown): void;
  setInterval(fn: () => void, ms: number): { unref?(): void };
  clearInterval(handle: unknown): void;
}
