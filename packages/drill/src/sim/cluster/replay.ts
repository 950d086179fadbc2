// Plays a recorded series of lateness again (recorded-lag.ts), round and round, for as long as a game lasts: how far standbys are behind, and how long
// nodes take to answer. The game's time says where in the series it is; nothing is drawn.
import { recordedEveryMs, recordedLag } from './recorded-lag.ts';

export interface Lateness {
  /** By how much log of that age a standby is behind. */
  flushMs(ordinal: number, now: number): number;
  /** How old the last transaction is that a standby shows. */
  replayMs(ordinal: number, now: number): number;
  answerMs(ordinal: number, now: number): number;
}

const standbys = 2;
const nodes = 3;

export function replayRecorded(): Lateness {
  const at = (place: number, now: number) =>
    recordedLag[Math.floor(now / recordedEveryMs) % recordedLag.length]?.[place] ?? 0;
  return {
    flushMs: (ordinal, now) => at(ordinal % standbys, now),
    replayMs: (ordinal, now) => at(standbys + (ordinal % standbys), now),
    answerMs: (ordinal, now) => at(2 * standbys + (ordinal % nodes), now),
  };
}
