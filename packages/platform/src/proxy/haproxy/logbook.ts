// What the next pilot must know of the program that outlives this one: which process it is, how it can be spoken to, how many chairs each
// service was given, and whether a change was just being made. One small file, written beside and renamed.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Generation } from './generation.ts';

export interface Logbook {
  readonly v: 1;
  readonly current: Generation | undefined;
  /** The runtime socket of a life that was being started: if its pilot died meanwhile, nobody else knows of it. */
  readonly nextSocket: string | undefined;
  /** Lives that finish what they have. */
  readonly retired: readonly Generation[];
  /** By service. */
  readonly chairs: Readonly<Record<string, number>>;
}

export const emptyLogbook: Logbook = { v: 1, current: undefined, nextSocket: undefined, retired: [], chairs: {} };

const file = (folder: string) => join(folder, 'haproxy.json');

/** What was written; an empty one where there is none or it cannot be understood. */
export function readLogbook(folder: string): Logbook {
  try {
    const book = JSON.parse(readFileSync(file(folder), 'utf8')) as Partial<Logbook>;
    return book.v === 1 ? { ...emptyLogbook, ...book } : emptyLogbook;
  } catch {
    return emptyLogbook;
  }
}

export function writeLogbook(folder: string, book: Logbook): void {
  const beside = `${file(folder)}.${process.pid}.tmp`;
  writeFileSync(beside, JSON.stringify(book), { mode: 0o600 });
  renameSync(beside, file(folder));
}
