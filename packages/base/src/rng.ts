// Dice that can be thrown again: a seeded generator (sfc32, Chris Doty-Humphrey's PractRand family,
// seeded by splitmix32). Pure rooms carry its four numbers in their state; nobody calls Math.random.

/** The generator's state: four unsigned 32-bit integers. Plain data, so it can live in a journal. */
export type RngState = readonly [number, number, number, number];

/** Seeds a generator from any integer. Equal seeds give equal sequences. */
export function seedRng(seed: number): RngState {
  let s = seed >>> 0;
  const next = () => {
    s = (s + 0x9e3779b9) >>> 0;
    let z = s;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  return [next(), next(), next(), next()];
}

/** Draws a number in [0, 1) and gives the state to draw the next one from. */
export function drawUnit(state: RngState): { value: number; next: RngState } {
  const [a, b, c, d] = state;
  const t = (((a + b) >>> 0) + d) >>> 0;
  const next: RngState = [
    (b ^ (b >>> 9)) >>> 0,
    (c + (c << 3)) >>> 0,
    (((c << 21) | (c >>> 11)) + t) >>> 0,
    (d + 1) >>> 0,
  ];
  return { value: t / 4294967296, next };
}

/** A stateful face of the same generator, for rooms that may hold state. */
export interface Rng {
  /** Uniform in [0, 1). */
  unit(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
}

export function createRng(seed: number): Rng {
  let state = seedRng(seed);
  const unit = () => {
    const drawn = drawUnit(state);
    state = drawn.next;
    return drawn.value;
  };
  return { unit, below: (n) => Math.floor(unit() * n) };
}

/** A seed from the machine's entropy. The only impure line of this file. */
export function randomSeed(): number {
  return Math.floor(Math.random() * 4294967296);
}
