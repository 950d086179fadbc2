// @ts-check
// The watcher's thread: four times a second it looks whether the main loop's next turn is overdue (ten times while it is) and writes what
// it saw into one block of the heartbeat file. Stalls are counted in its own ticks, each at most its nominal length and without what the main thread was
// kept waiting for a core: a machine that slept adds one tick, a starved one next to nothing.
// Once per stall of a second it asks the main thread, through the inspector, where it stands.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { createStallMeter } from './main-thread.mjs';

const calmMs = 250;
const stalledTickMs = 100;
/** A timer of a loop that turns may be this late. */
const overdueMsMin = 40;
const stackAfterMs = 1000;
/** Room for the numbers; with a stack the block is as long as it must be, and from then on stays so. */
const blockBytesMin = 256;
/** A pause is remembered for one to two of these. */
const memoryMs = 30_000;

const { fd, shared, lagSamples, pid } = workerData;
let seq = 0;
let dueSeen = 0;
let stalledMs = 0;
/** How long the next turn has been due by the clock, whoever had the core: enough to suspect, never to condemn. */
let lateMs = 0;
/** The longest pause of this stretch of memory and of the one before, and when it ended. */
let pauses = [
  { ms: 0, endedAt: 0 },
  { ms: 0, endedAt: 0 },
];
let stretchedAt = performance.now();
const meter = createStallMeter(pid);
let watcherLateMs = 0;
/** @type {string | null} */
let stack = null;
let isTakingStack = false;
let plannedMs = calmMs;
let tickedAt = performance.now();
let writtenAt = 0;
let blockBytes = blockBytesMin;

const isInspected = () => Atomics.load(shared, 2) === 1;

/** Ninety-nine of a hundred turns of the last five seconds were no later than this. */
function loopLagMs() {
  const taken = Math.min(Atomics.load(shared, 1), lagSamples);
  const lags = Array.from(shared.subarray(3, 3 + taken)).sort((a, b) => a - b);
  return lags[Math.max(0, Math.ceil(taken * 0.99) - 1)] ?? 0;
}

/** @param {number} ms @param {number} now */
function remember(ms, now) {
  if (ms >= pauses[0].ms) pauses[0] = { ms, endedAt: now };
}

function write() {
  const now = performance.now();
  if (now - stretchedAt >= memoryMs) {
    pauses = [{ ms: 0, endedAt: now }, pauses[0]];
    stretchedAt = now;
  }
  const pause = pauses[1].ms > pauses[0].ms ? pauses[1] : pauses[0];
  const text = JSON.stringify({
    v: 1,
    seq: ++seq,
    pid,
    stalledMs,
    lateMs,
    longestPauseMs: pause.ms,
    pauseAgoMs: Math.round(now - pause.endedAt),
    loopLagMs: loopLagMs(),
    inspected: isInspected(),
    watcherLateMs: Math.round(watcherLateMs),
    stack,
  });
  blockBytes = Math.max(blockBytes, Buffer.byteLength(text));
  const block = Buffer.alloc(blockBytes, ' ');
  block.write(text);
  try {
    writeSync(fd, block, 0, blockBytes, 0);
  } catch {
    // A full disk or a folder that is gone: the silence is the message.
  }
  writtenAt = now;
  watcherLateMs = 0;
}

function tick() {
  const now = performance.now();
  watcherLateMs = Math.max(watcherLateMs, now - tickedAt - plannedMs);
  tickedAt = now;
  const due = Atomics.load(shared, 0);
  // Both are cut to 32 bits; so is what lies between them.
  const overdueMs = (Number(process.hrtime.bigint() / 1_000_000n) - due) | 0;
  if (due !== dueSeen) endStall(now);
  dueSeen = due;
  const before = { stalledMs, lateMs };
  if (overdueMs > overdueMsMin) stalledMs += meter.count(now, Math.min(overdueMs, plannedMs));
  lateMs = overdueMs > overdueMsMin ? overdueMs : 0;
  const crossed = before.stalledMs < stackAfterMs && stalledMs >= stackAfterMs;
  const isLate = before.lateMs < stackAfterMs && lateMs >= stackAfterMs;
  const began = before.stalledMs === 0 && stalledMs > 0;
  if (began || crossed || isLate || now - writtenAt >= calmMs - stalledTickMs / 2) write();
  if (crossed) attachStack();
  plannedMs = lateMs > 0 ? untilNextTick() : calmMs;
  setTimeout(tick, plannedMs);
}

/** While stalled; the moment at which a stall becomes a suspicion is not missed by a tick. */
function untilNextTick() {
  const leftMs = stackAfterMs - (lateMs < stackAfterMs ? lateMs : stalledMs);
  return leftMs > 0 ? Math.min(stalledTickMs, Math.max(10, leftMs)) : stalledTickMs;
}

/** @param {number} now */
function endStall(now) {
  if (stalledMs > 0) remember(stalledMs, now);
  meter.reset();
  stalledMs = 0;
  stack = null;
}

async function attachStack() {
  if (isTakingStack || isInspected()) return;
  isTakingStack = true;
  // Loaded only now: a process that never hangs does not carry the inspector.
  const { takeStack } = await import('./stack.mjs');
  const taken = await takeStack();
  isTakingStack = false;
  if (stalledMs === 0) return;
  stack = taken;
  write();
}

/**
 * Starting a thread leaves three megabytes of rubbish that V8 would keep for good: buffers that nobody touches (they cost no memory)
 * make it tidy up. It takes two goes, some time apart.
 */
function tidyUp() {
  try {
    for (let round = 0; round < 4; round++) new ArrayBuffer(70 << 20);
  } catch {
    // No room even for the pretence: then the rubbish stays.
  }
}

write();
setTimeout(tick, calmMs);
setTimeout(tidyUp, 1000);
setTimeout(tidyUp, 2000);
