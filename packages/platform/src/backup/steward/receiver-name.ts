// One name in three places: what synchronous_standby_names calls the receiver, what it calls itself, and the slot that it reads from. A
// server has no words for "these two, and one of those": it can only count voices. So a receiver for which the commits of a cluster
// wait has as many lines as make its voice count, each with a slot of its own, because the server lets one line only read from a slot:
// a line that died and is still listed can never be counted beside the one that took its place.

export const receiverName = 'hale_backup';

/** Of its lines; the first is the one that it reads from. */
export function receiverSlots(slot: string, voices: number): readonly string[] {
  return Array.from({ length: voices }, (_, index) => (index === 0 ? slot : `${slot}_${index + 1}`));
}

/**
 * How many voices the receiver needs so that neither all `standbys` together nor it alone can acknowledge: with `acknowledgers` of them
 * and all of its own a commit goes, with less of either it waits.
 */
export function receiverVoices(standbys: number, acknowledgers: number): number {
  return standbys - acknowledgers + 1;
}
