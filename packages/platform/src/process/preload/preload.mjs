// @ts-check
// The sensor that rides along in a Node program (NODE_OPTIONS=--import): it starts one small thread (watcher.mjs) that watches whether
// the main loop still turns. Plain JavaScript, because the program's Node may be older than ours (decision 0003). It takes part only in the first
// process of an incarnation, leaves the environment as the user wrote it, and where anything at all is missing it does nothing:
// it must never be the reason why a program does not start.

import { openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { isMainThread, Worker } from 'node:worker_threads';

/** Each turn wakes a program that may be asleep: as rare as a hang that must be known within a second allows. */
const turnMs = 150;
/** Samples of loop lag that the watcher sees: the last five seconds. */
const lagSamples = 34;
/** Programs that only start others: the one to watch is their child. */
const starters =
  /^(npm|npx|pnpm|pnpx|yarn|yarnpkg|tsx|nodemon|corepack|cross-env|dotenv|concurrently)(-cli)?(\.[cm]?js)?$/;

if (isMainThread) takePart();

function takePart() {
  const path = process.env.HALE_HEARTBEAT;
  const program = process.argv[1] ?? '';
  if (path === undefined || starters.test(basename(program)) || /[\\/]tsx[\\/]dist[\\/]cli\.[cm]js$/.test(program))
    return;
  stripOptions();
  try {
    // Exclusive: the first of an incarnation has it, everyone after stays silent.
    startWatcher(openSync(path, 'wx', 0o600));
  } catch {
    // Another process of this incarnation is watched already, or there is no place to write.
  }
}

/** Descendants neither load this file nor see that it was there. */
function stripOptions() {
  const options = (process.env.NODE_OPTIONS ?? '')
    .replace(/\s*--import=("[^"]*preload\.mjs"|\S*preload\.mjs)/, '')
    .trim();
  if (options === '') delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = options;
  delete process.env.HALE_HEARTBEAT;
}

/** @param {number} fd */
function startWatcher(fd) {
  // [0] when the next turn is due (ms of the machine's clock, cut to 32 bits), [1] place in the ring, [2] an inspector is open, [3...] lag of each turn in ms.
  const shared = new Int32Array(new SharedArrayBuffer(4 * (3 + lagSamples)));
  const inspector = findInspector();
  // Read by two threads, so it is the clock they share.
  const nowMs = () => Number(process.hrtime.bigint() / 1_000_000n);
  let due = nowMs() + turnMs;
  Atomics.store(shared, 0, due | 0);
  const turn = () => {
    const now = nowMs();
    const at = Atomics.add(shared, 1, 1) % lagSamples;
    Atomics.store(shared, 3 + at, Math.max(0, now - due));
    // Only this thread sees the inspector that --inspect or SIGUSR1 opened.
    Atomics.store(shared, 2, inspector?.url() === undefined ? 0 : 1);
    due = now + turnMs;
    Atomics.store(shared, 0, due | 0);
  };
  setInterval(turn, turnMs).unref();
  const watcher = new Worker(new URL('./watcher.mjs', import.meta.url), {
    workerData: { fd, shared, lagSamples, pid: process.pid },
    env: {},
    execArgv: [],
    name: 'hale-watcher',
    trackUnmanagedFds: false,
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 0.5, stackSizeMb: 1 },
  });
  watcher.on('error', () => {});
  watcher.unref();
}

/** @returns {typeof import('node:inspector') | undefined} */
function findInspector() {
  try {
    return createRequire(import.meta.url)('node:inspector');
  } catch {
    return undefined;
  }
}
