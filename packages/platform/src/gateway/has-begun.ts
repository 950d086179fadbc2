// How the platform learns that a worker serves: its first tally is there, which it writes after its sockets listen.
import { readFile } from 'node:fs/promises';
import type { CustomCheck } from '../process/launcher.ts';

/** A worker serves once a tally of this life of it is there. Said once, it stays true. */
export function hasBegun(file: string, incarnation: string): CustomCheck {
  return async () => {
    try {
      const stats = JSON.parse(await readFile(file, 'utf8')) as { readonly incarnation?: string };
      if (stats.incarnation === incarnation) return { kind: 'pass', isLasting: true };
    } catch {
      // not there yet, or of a disk that is full: the worker says so itself
    }
    return { kind: 'fail', reason: 'the worker does not listen yet' };
  };
}
