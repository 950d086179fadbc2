// Who is due next: the heap that carries a simulation from one event to the next. Nothing of it is cancelled; whoever is late finds that out himself.
interface Due {
  readonly dueMs: number;
}

export interface EventQueue<T extends Due> {
  peek(): T | undefined;
  push(item: T): void;
  /** The next one; only when there is one. */
  pop(): T;
}

export function createEventQueue<T extends Due>(): EventQueue<T> {
  const items: T[] = [];
  const sink = (from: number) => {
    let at = from;
    for (;;) {
      let least = 2 * at + 1;
      if (least >= items.length) return;
      if (least + 1 < items.length && items[least + 1]!.dueMs < items[least]!.dueMs) least++;
      if (items[at]!.dueMs <= items[least]!.dueMs) return;
      [items[at], items[least]] = [items[least]!, items[at]!];
      at = least;
    }
  };
  return {
    peek: () => items[0],
    push(item: T) {
      let at = items.push(item) - 1;
      for (let up = (at - 1) >> 1; at > 0 && items[up]!.dueMs > item.dueMs; up = (at - 1) >> 1) {
        items[at] = items[up]!;
        items[up] = item;
        at = up;
      }
    },
    pop(): T {
      const top = items[0]!;
      const last = items.pop()!;
      if (items.length > 0) {
        items[0] = last;
        sink(0);
      }
      return top;
    },
  };
}
