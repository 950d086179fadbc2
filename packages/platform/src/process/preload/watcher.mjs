// @ts-check
// The watcher's thread: every 100 ms it looks whether the main loop has turned, and four times a second it writes what it saw into one
// block of the heartbeat file. Stalls are counted in its own ticks, each at most its nominal length and without what the main thread was
// kept waiting for a core: a machine that slept adds one tick, a starved one next to nothing.
// Once per stall of a second it asks the main thread, through the inspector, where it stands.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { createStallMeter } from './main-thread.mjs';
import { takeStack } from './stack.mjs';

const tickMs = 100;
const writeMs = 250;
const stackAfterMs = 1000;
const blockBytes = 4096;
/** A pause is remembered for one to two of these. */
const memoryMs = 30_000;

const { fd, shared, lagSamples, pid } = workerData;
let seq = 0;
let turnsSeen = 0;
let stalledMs = 0;
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
let tickedAt = performance.now();
let writtenAt = 0;
const block = Buffer.alloc(blockBytes, ' ');

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
    longestPauseMs: pause.ms,
    pauseAgoMs: Math.round(now - pause.endedAt),
    loopLagMs: loopLagMs(),
    inspected: isInspected(),
    watcherLateMs: Math.round(watcherLateMs),
    stack,
  });
  block.fill(' ');
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
  const lateMs = now - tickedAt - tickMs;
  tickedAt = now;
  watcherLateMs = Math.max(watcherLateMs, lateMs);
  const turns = Atomics.load(shared, 0);
  const before = stalledMs;
  if (turns === turnsSeen) stalledMs += meter.count(now, tickMs);
  else if (stalledMs > 0) {
    remember(stalledMs, now);
    meter.reset();
    stalledMs = 0;
    stack = null;
  }
  turnsSeen = turns;
  const crossed = before < stackAfterMs && stalledMs >= stackAfterMs;
  if (crossed || now - writtenAt >= writeMs - tickMs / 2) write();
  if (crossed) attachStack();
}

function attachStack() {
  if (isTakingStack || isInspected()) return;
  isTakingStack = true;
  takeStack().then((taken) => {
    isTakingStack = false;
    if (stalledMs === 0) return;
    stack = taken;
    write();
  });
}

setInterval(tick, tickMs);
write();
