// What a breaker remembers: so many calls, so many failed, so many slow; of the last seconds (ten buckets that expire by the clock, not by
// being written to) or of the last calls (a ring). Totals run along, so nothing is ever summed up or sorted when a call fails: a failure
// costs the same after ten calls and after ten million. Made at the first call, so a breaker nobody uses has none.

export type BreakerWindow =
  | { readonly kind: 'time'; readonly spanMs: number }
  | { readonly kind: 'count'; readonly calls: number };

/** The three running totals, of all that is still in the window. */
export interface Tally {
  calls: number;
  failed: number;
  slow: number;
}

export interface TallyWindow extends Tally {
  /** 0 neither, 1 failed, 2 slow, 3 both. */
  add(mark: number, nowMs: number): void;
  /** Lets go of what has expired. */
  turn(nowMs: number): void;
  /** Calls a second over the window. */
  rate(nowMs: number): number;
  clear(): void;
}

export function createTallyWindow(window: BreakerWindow): TallyWindow {
  return window.kind === 'time' ? new TimeWindow(window.spanMs) : new CountWindow(window.calls);
}

const buckets = 10;

class TimeWindow implements TallyWindow {
  calls = 0;
  failed = 0;
  slow = 0;
  private readonly bucketMs: number;
  /** Three numbers a bucket: calls, failed, slow. */
  private readonly counts: number[] = new Array(buckets * 3).fill(0);
  private current = -1;
  /** The bucket in which it began. */
  private first = -1;

  constructor(spanMs: number) {
    this.bucketMs = spanMs / buckets;
  }

  add(mark: number, nowMs: number): void {
    this.turn(nowMs);
    if (this.first < 0) this.first = this.current;
    const at = (this.current % buckets) * 3;
    const { counts } = this;
    counts[at] = counts[at]! + 1;
    this.calls++;
    if (mark === 0) return;
    if ((mark & 1) === 1) {
      counts[at + 1] = counts[at + 1]! + 1;
      this.failed++;
    }
    if ((mark & 2) === 2) {
      counts[at + 2] = counts[at + 2]! + 1;
      this.slow++;
    }
  }

  turn(nowMs: number): void {
    const index = Math.floor(nowMs / this.bucketMs);
    if (index <= this.current) return;
    const { counts } = this;
    for (let i = Math.max(this.current + 1, index - buckets + 1); i <= index; i++) {
      const at = (i % buckets) * 3;
      this.calls -= counts[at]!;
      this.failed -= counts[at + 1]!;
      this.slow -= counts[at + 2]!;
      counts[at] = counts[at + 1] = counts[at + 2] = 0;
    }
    this.current = index;
  }

  rate(nowMs: number): number {
    this.turn(nowMs);
    const seen = Math.min(buckets, this.current - this.first + 1);
    return (this.calls * 1000) / (seen * this.bucketMs);
  }

  clear(): void {
    this.counts.fill(0);
    this.calls = this.failed = this.slow = 0;
    this.first = -1;
  }
}

class CountWindow implements TallyWindow {
  calls = 0;
  failed = 0;
  slow = 0;
  private readonly marks: Uint8Array;
  private next = 0;
  private firstMs = -1;

  constructor(size: number) {
    this.marks = new Uint8Array(size);
  }

  add(mark: number, nowMs: number): void {
    if (this.firstMs < 0) this.firstMs = nowMs;
    const { marks, next } = this;
    if (this.calls === marks.length) {
      const gone = marks[next]!;
      this.failed -= gone & 1;
      this.slow -= gone >> 1;
    } else this.calls++;
    marks[next] = mark;
    this.failed += mark & 1;
    this.slow += mark >> 1;
    this.next = (next + 1) % marks.length;
    // When a lap begins, its time begins: what `rate` needs.
    if (this.next === 0) this.firstMs = nowMs;
  }

  turn(): void {}

  rate(nowMs: number): number {
    const since = this.next === 0 ? this.calls : this.next;
    return this.firstMs < 0 ? 0 : (since * 1000) / Math.max(1000, nowMs - this.firstMs);
  }

  clear(): void {
    this.calls = this.failed = this.slow = this.next = 0;
    this.firstMs = -1;
  }
}
