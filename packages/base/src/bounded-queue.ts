// A waiting room with a fixed number of chairs (INV-09): when it is full, the newcomer is told so, or the oldest leaves.

export interface BoundedQueue<T> {
  readonly size: number;
  /** False when the queue is full: nothing was added. */
  push(item: T): boolean;
  /** Adds always; gives the item that had to leave, if one had to. */
  pushEvicting(item: T): T | undefined;
  shift(): T | undefined;
  [Symbol.iterator](): IterableIterator<T>;
}

/** A ring of at most `sizeMax` items, first in first out. */
export function createBoundedQueue<T>(sizeMax: number): BoundedQueue<T> {
  const ring: (T | undefined)[] = new Array(sizeMax);
  let head = 0;
  let size = 0;
  const shift = (): T | undefined => {
    if (size === 0) return undefined;
    const item = ring[head];
    ring[head] = undefined;
    head = (head + 1) % sizeMax;
    size--;
    return item;
  };
  const push = (item: T): boolean => {
    if (size === sizeMax) return false;
    ring[(head + size) % sizeMax] = item;
    size++;
    return true;
  };
  return {
    get size() {
      return size;
    },
    push,
    pushEvicting(item) {
      const evicted = size === sizeMax ? shift() : undefined;
      push(item);
      return evicted;
    },
    shift,
    *[Symbol.iterator]() {
      for (let i = 0; i < size; i++) yield ring[(head + i) % sizeMax] as T;
    },
  };
}
