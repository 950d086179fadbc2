// The toolbox every room may open: clock, dice, durations, errors, ids, bounds. It knows nothing of Hale's domain.
export { assert, assertNever } from './assert.ts';
export { type BoundedQueue, createBoundedQueue } from './bounded-queue.ts';
export { canonicalJson, hashText } from './canonical-json.ts';
export { type Clock, createSystemClock, type Stamp, type Timer } from './clock.ts';
export {
  type BytesText,
  type DurationText,
  formatBytes,
  formatDuration,
  parseBytes,
  parseDuration,
} from './duration.ts';
export { HaleError, type HaleErrorInit, isHaleError, type Parsed, type Problem } from './errors.ts';
export { type Brand, makeUlid } from './ids.ts';
export { createRng, drawUnit, type Rng, type RngState, randomSeed, seedRng } from './rng.ts';
