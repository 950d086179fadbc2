// Names that cannot be mixed up: branded strings, and ULIDs (Alizain Feerasta's format: 48 bits of
// milliseconds, 80 random bits, Crockford base32) made from a time and a generator that are handed in.
import { drawUnit, type RngState } from './rng.ts';

/** A string that only its maker may mint. */
export type Brand<T extends string> = string & { readonly __brand: T };

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Makes a ULID of `wallMs` and the generator's state; sorts by time. */
export function makeUlid(wallMs: number, rng: RngState): { id: string; next: RngState } {
  let text = '';
  let time = Math.floor(wallMs);
  for (let i = 0; i < 10; i++) {
    text = alphabet[time % 32] + text;
    time = Math.floor(time / 32);
  }
  let state = rng;
  for (let i = 0; i < 16; i++) {
    const drawn = drawUnit(state);
    state = drawn.next;
    text += alphabet[Math.floor(drawn.value * 32)];
  }
  return { id: text, next: state };
}
