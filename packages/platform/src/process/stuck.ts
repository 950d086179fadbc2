// The kernel's witness of a stall: adds up the time in which the main thread burned its core without ever giving it back, or was
// not woken at all. A thread that wants to run and is not let (a busy machine) adds nothing; any pause of its own starts over.
// Pure: samples in, milliseconds out.

/** One look at the main thread. Times in ms since it started; `switches` counts how often it gave the core back by itself. */
export interface ThreadSample {
  readonly atMs: number;
  readonly state: string;
  readonly cpuMs: number;
  /** Time spent runnable without a core. */
  readonly starvedMs: number;
  /** Times it was put on a core. */
  readonly timeslices: number;
  /** Voluntary switches; undefined where nobody looked. */
  readonly switches: number | undefined;
}

/** A sample longer than this counts no further: somebody slept, and it need not be the thread. */
const sampleMsMax = 500;

/** So many pauses of its own in one look are the debugger's that takes its stack, or a lock; a loop that turns makes more. */
const switchesMax = 3;

/** The new total after `next`, given the total at `last`. */
export function addStuck(stuckMs: number, last: ThreadSample | undefined, next: ThreadSample): number {
  if (last === undefined) return 0;
  const spanMs = Math.min(next.atMs - last.atMs, sampleMsMax);
  const cpuMs = next.cpuMs - last.cpuMs;
  const starvedMs = next.starvedMs - last.starvedMs;
  if (isAsleep(last, next)) return stuckMs + Math.max(0, spanMs - starvedMs);
  if (last.switches === undefined || next.switches === undefined) return 0;
  if (next.switches - last.switches > switchesMax) return 0;
  // What it burned counts; what it was kept waiting for a core does not, and a wait that is not over is in no book yet.
  const wanted = next.state === 'R' || cpuMs + starvedMs >= spanMs * 0.5;
  return wanted ? stuckMs + Math.min(spanMs, cpuMs) : 0;
}

function isAsleep(last: ThreadSample, next: ThreadSample): boolean {
  const waits = next.state === 'S' || next.state === 'D';
  return waits && next.timeslices === last.timeslices && next.cpuMs - last.cpuMs < 1;
}
