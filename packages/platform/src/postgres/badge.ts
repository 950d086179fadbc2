// What a node remembers of the terms it lived in, beside its data and written through to the disk: `term` says that its data is
// right for that term, `fenced` that it has promised to follow nobody of an earlier one. An order of a past term is refused by
// what stands here, whoever gives it (INV-07). `restored` says that a backup was put in this place, in a term of its own that the
// journal has not heard of yet: started as a primary in an earlier term, it tells of its own, and is believed.
import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { readText } from './data-folder.ts';
import { postgresError } from './errors.ts';

export interface Badge {
  readonly term: number;
  readonly fenced: number;
  readonly restored?: true;
}

/** The badge, or an empty one where there is none. A damaged one counts as fenced for ever: nothing is done on a guess. */
export function readBadge(file: string): Badge {
  const text = readText(file);
  if (text === '') return { term: 0, fenced: 0 };
  try {
    const { term, fenced, restored } = JSON.parse(text) as Partial<Badge>;
    if (Number.isInteger(term) && Number.isInteger(fenced))
      return { term: Number(term), fenced: Number(fenced), ...(restored === true && { restored }) };
  } catch {
    // Said below.
  }
  throw postgresError('HALE_PLATFORM_POSTGRES_BADGE', `${file} cannot be read`);
}

/** Always the same, so that one badge fits where another was. */
const sizeBytes = 512;

/**
 * Written beside, flushed, renamed, and the folder flushed: after this it is so, whatever happens. Two files take turns, so that a badge can be
 * written on a disk that is full: what is written over is always the one that nobody reads.
 */
export async function writeBadge(file: string, badge: Badge): Promise<void> {
  const [next, last] = [`${file}.new`, `${file}.last`];
  const handle = await open(next, 'r+').catch(() => open(next, 'w', 0o600));
  try {
    await handle.write(`${JSON.stringify(badge).padEnd(sizeBytes - 1)}\n`, 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rm(last, { force: true });
  const isKept = await link(file, last).then(
    () => true,
    () => false,
  );
  await rename(next, file);
  await syncFolder(dirname(file));
  if (isKept) await rename(last, next);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  await folder.sync().finally(() => folder.close());
}

/** Throws HALE_PLATFORM_POSTGRES_TERM when the order is of a term that is over for this node. */
export function assertTerm(badge: Badge, term: number, replica: string): void {
  const newest = Math.max(badge.term, badge.fenced);
  if (term >= newest) return;
  throw postgresError(
    'HALE_PLATFORM_POSTGRES_TERM',
    `${replica} has promised itself to term ${newest}: an order of term ${term} is refused`,
    { details: { term, newest } },
  );
}

/**
 * The term in which a node is started. What a backup was put into lives in its own until an order of that term, or a later one,
 * shows that it is known: every other node was put aside with it, so nobody can acknowledge in an earlier one.
 */
export function startingTerm(badge: Badge, order: { readonly term: number; readonly asPrimary: boolean }): number {
  return badge.restored === true && order.asPrimary ? Math.max(badge.term, order.term) : order.term;
}
