// The hourglass of the simulation: events in order of their moment, then of their making, each let run to its end (promises and all) before
// the next. The same seed gives the same order, always.
import type { Clock } from '@hale/base';

export interface VirtualTime {
  readonly nowMs: number;
  after(ms: number, fn: () => void): { cancel(): void };
  /** Runs events until none is left or the time is over. */
  run(untilMs: number): Promise<void>;
}

interface Event {
  readonly atMs: number;
  readonly order: number;
  fn: (() => void) | undefined;
}

export function createVirtualTime(): VirtualTime {
  const heap: Event[] = [];
  let nowMs = 0;
  let order = 0;
  return {
    get nowMs() {
      return nowMs;
    },
    after(ms, fn) {
      const event: Event = { atMs: nowMs + Math.max(0, ms), order: order++, fn };
      push(heap, event);
      return {
        cancel() {
          event.fn = undefined;
        },
      };
    },
    async run(untilMs) {
      for (let next = pop(heap); next !== undefined && next.atMs <= untilMs; next = pop(heap)) {
        const { fn } = next;
        if (fn === undefined) continue;
        nowMs = next.atMs;
        fn();
        await new Promise(setImmediate);
      }
    },
  };
}

/** `clock` as a process sees it: `deliver` decides whether and when the process notices that a timer rang. */
export function clockOf(time: VirtualTime, deliver: (fn: () => void) => void): Clock {
  const after = (ms: number, fn: () => void) => time.after(ms, () => deliver(fn));
  return {
    mono: () => time.nowMs,
    wall: () => time.nowMs,
    after,
    every(ms, fn) {
      let timer = after(ms, beat);
      function beat(): void {
        timer = after(ms, beat);
        fn();
      }
      return { cancel: () => timer.cancel() };
    },
  };
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: Event[], event: Event): void {
  let at = heap.push(event) - 1;
  while (at > 0) {
    const above = (at - 1) >> 1;
    if (isBefore(heap[above]!, event)) break;
    heap[at] = heap[above]!;
    at = above;
  }
  heap[at] = event;
}

function pop(heap: Event[]): Event | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let below = 2 * at + 1;
    if (below >= heap.length) break;
    if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below++;
    if (isBefore(last, heap[below]!)) break;
    heap[at] = heap[below]!;
    at = below;
  }
  heap[at] = last;
  return top;
}
