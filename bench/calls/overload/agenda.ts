// A calendar for simulations: what happens when, in a binary heap, so a million events cost a second. It is a clock to whoever asks for
// one (`mono`, `after`); nothing happens but by `runUntil`. Same moment: in the order of entry.

interface Entry {
  readonly atMs: number;
  readonly order: number;
  fn: (() => void) | undefined;
}

export interface Agenda {
  mono(): number;
  wall(): number;
  after(ms: number, fn: () => void): { cancel(): void };
  /** Lets everything happen up to that moment. */
  runUntil(ms: number): void;
}

export function createAgenda(): Agenda {
  const heap: Entry[] = [];
  let [nowMs, order] = [0, 0];
  const isSooner = (a: Entry, b: Entry) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  const push = (entry: Entry) => {
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isSooner(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  };
  const pop = () => {
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isSooner(heap[child + 1]!, heap[child]!)) child++;
      if (!isSooner(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  };
  return {
    mono: () => nowMs,
    wall: () => nowMs,
    after(ms, fn) {
      const entry: Entry = { atMs: nowMs + Math.max(0, ms), order: order++, fn };
      push(entry);
      return {
        cancel() {
          entry.fn = undefined;
        },
      };
    },
    runUntil(ms) {
      while (heap.length > 0 && heap[0]!.atMs <= ms) {
        const entry = heap[0]!;
        pop();
        nowMs = entry.atMs;
        entry.fn?.();
      }
      nowMs = ms;
    },
  };
}
