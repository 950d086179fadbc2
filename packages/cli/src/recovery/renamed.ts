// The state of a journal, made fit for another house. The lives it remembers are of processes that are not here; but a stop that is ordered
// for one of them goes by its incarnation, through everything that runs on the machine, and would end the original's process beside
// which a copy is tried. So every life gets a name that nobody has.
import { randomBytes } from 'node:crypto';

const ulid = /\b[0-9A-HJKMNP-TV-Z]{26}\b/g;
const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** `state` with `names` exchanged, and every incarnation by one of the same moment and another tail: the same each time it occurs. */
export function renamed(state: string, names: Readonly<Record<string, string>>): string {
  const known = new Map<string, string>();
  const exchange = (old: string) => {
    const fresh = known.get(old) ?? old.slice(0, 10) + [...randomBytes(16)].map((byte) => letters[byte % 32]).join('');
    known.set(old, fresh);
    return fresh;
  };
  return Object.entries(names)
    .reduce((text, [from, to]) => text.replaceAll(from, to), state)
    .replace(ulid, exchange);
}
