// A waiting room with three benches, one a priority. Called in is the critical bench first; on it whoever has waited longest, on the others
// too while the room empties regularly, but whoever came last when it never does (adaptive LIFO, Facebook's "Fail at Scale", 2015): in a
// standing queue the oldest is the one whose caller has given up. Bounded: who comes into a full room takes the place of the oldest of the
// least urgent bench, if that is not more urgent than he. Every step is O(1).
import type { Priority } from '../carried.ts';

/** Somebody who may have to wait; the room links those who do through `before` and `after`. */
export interface Waiting {
  readonly priority: Priority;
  before: Waiting | undefined;
  after: Waiting | undefined;
  waits: boolean;
}

interface Bench<W extends Waiting> {
  oldest: W | undefined;
  newest: W | undefined;
}

export interface WaitingRoom<W extends Waiting> {
  readonly size: number;
  /** Seats him; gives who has to go instead: himself, when everybody in a full room is more urgent. */
  seat(guest: W, sizeMax: number): W | undefined;
  /** The next to be called in; stays seated until `remove`. */
  next(newestFirst: boolean): W | undefined;
  /** The one of a bench who has waited longest. */
  oldest(priority: Priority): W | undefined;
  remove(guest: W): void;
}

const urgentFirst: readonly Priority[] = ['critical', 'normal', 'sheddable'];
const rank = { critical: 0, normal: 1, sheddable: 2 } as const;

export function createWaitingRoom<W extends Waiting>(): WaitingRoom<W> {
  const benches: readonly Bench<W>[] = urgentFirst.map(() => ({ oldest: undefined, newest: undefined }));
  let size = 0;
  const remove = (guest: W): void => {
    if (!guest.waits) return;
    const bench = benches[rank[guest.priority]]!;
    if (guest.before === undefined) bench.oldest = guest.after as W | undefined;
    else guest.before.after = guest.after;
    if (guest.after === undefined) bench.newest = guest.before as W | undefined;
    else guest.after.before = guest.before;
    guest.before = undefined;
    guest.after = undefined;
    guest.waits = false;
    size--;
  };
  const leastUrgent = (): W | undefined => benches.findLast((bench) => bench.oldest !== undefined)?.oldest;
  return {
    get size() {
      return size;
    },
    seat(guest, sizeMax) {
      let leaves: W | undefined;
      if (size >= sizeMax) {
        leaves = leastUrgent();
        if (leaves === undefined || rank[leaves.priority] < rank[guest.priority]) return guest;
        remove(leaves);
      }
      const bench = benches[rank[guest.priority]]!;
      guest.before = bench.newest;
      if (bench.newest === undefined) bench.oldest = guest;
      else bench.newest.after = guest;
      bench.newest = guest;
      guest.waits = true;
      size++;
      return leaves;
    },
    next(newestFirst) {
      const [critical, ...others] = benches;
      if (critical!.oldest !== undefined) return critical!.oldest;
      const bench = others.find((each) => each.oldest !== undefined);
      return newestFirst ? bench?.newest : bench?.oldest;
    },
    oldest: (priority) => benches[rank[priority]]!.oldest,
    remove,
  };
}
