// A ruler with marks close together near zero and far apart at the end: counts latencies in log-linear buckets (16 a power of
// two, so at most 6 % off), in a fixed array. Two of them take turns, so that a percentile speaks of the last 10 to 20 seconds only.

const perOctave = 16;
const octaves = 28;
const bucketCount = perOctave * (octaves + 1);

export interface Histogram {
  add(ms: number): void;
  /** The latency in ms below which the share `q` lies, 0 when nothing was counted. */
  quantile(q: number): number;
  /** Forgets the older half of its memory. */
  turn(): void;
}

export function createHistogram(): Histogram {
  let recent = new Uint32Array(bucketCount);
  let older = new Uint32Array(bucketCount);
  return {
    add(ms) {
      const index = bucketOf(ms);
      recent[index] = recent[index]! + 1;
    },
    quantile(q) {
      let total = 0;
      for (let i = 0; i < bucketCount; i++) total += recent[i]! + older[i]!;
      if (total === 0) return 0;
      let rest = Math.ceil(total * q);
      for (let i = 0; i < bucketCount; i++) {
        rest -= recent[i]! + older[i]!;
        if (rest <= 0) return middleMs(i);
      }
      return middleMs(bucketCount - 1);
    },
    turn() {
      [recent, older] = [older, recent];
      recent.fill(0);
    },
  };
}

/** Buckets count microseconds: the first `perOctave` are linear, then `perOctave` to each doubling. */
function bucketOf(ms: number): number {
  const us = Math.max(0, Math.floor(ms * 1000));
  if (us < perOctave) return us;
  const octave = Math.min(octaves, Math.floor(Math.log2(us)) - 3);
  const within = Math.min(perOctave - 1, Math.floor(us / 2 ** (octave - 1)) - perOctave);
  return octave * perOctave + within;
}

function middleMs(index: number): number {
  if (index < perOctave) return (index + 0.5) / 1000;
  const octave = Math.floor(index / perOctave);
  const width = 2 ** (octave - 1);
  return ((perOctave + (index % perOctave) + 0.5) * width) / 1000;
}
