// The simulator's diary: what happens when, in order of time and then of entry. Time is a number that only moves here, so
// ten virtual minutes take milliseconds. A binary heap; nothing sleeps.

export interface Agenda {
  readonly now: number;
  /** Runs `act` at `now + afterMs`. */
  after(afterMs: number, act: () => void): void;
  /** Runs everything that falls due up to `until`. */
  runUntil(until: number): void;
}

interface Entry {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

export function createAgenda(): Agenda {
  const heap: Entry[] = [];
  let now = 0;
  let order = 0;
  const before = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order);
  const push = (entry: Entry) => {
    let i = heap.push(entry) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      const above = heap[parent] as Entry;
      if (!before(entry, above)) break;
      heap[i] = above;
      i = parent;
    }
    heap[i] = entry;
  };
  const pop = (): Entry => {
    const top = heap[0] as Entry;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return top;
    let i = 0;
    for (let child = 1; child < heap.length; child = 2 * i + 1) {
      const right = heap[child + 1];
      const least = right !== undefined && before(right, heap[child] as Entry) ? child + 1 : child;
      if (!before(heap[least] as Entry, last)) break;
      heap[i] = heap[least] as Entry;
      i = least;
    }
    heap[i] = last;
    return top;
  };
  return {
    get now() {
      return now;
    },
    after: (afterMs, act) => push({ at: now + Math.max(0, afterMs), order: order++, act }),
    runUntil(until) {
      while (heap.length > 0 && (heap[0] as Entry).at <= until) {
        const entry = pop();
        now = entry.at;
        entry.act();
      }
      now = until;
    },
  };
}
