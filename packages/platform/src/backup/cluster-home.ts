// Moving in: how restored data takes the place of a database that may have had several nodes. All of them, and the badges that bind
// them to their terms, are put aside together, because one that stayed could acknowledge what the restored one never saw. The data
// goes where the journal remembers the primary, with a badge of the next term: started there, it tells of that term and is
// believed, and the others are copied from it. See postgres/badge.ts.
import { readdirSync } from 'node:fs';
import { readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { readBadge, writeBadge } from '../postgres/badge.ts';
import { type NodePlace, nodePlace } from '../postgres/node-place.ts';

/** What the journal remembers of a cluster. */
export interface ClusterMemory {
  readonly term: number;
  /** Of the node that is the primary of that term. */
  readonly ordinal: number;
}

export interface Seat {
  readonly place: NodePlace;
  /** Later than anything that a node or the journal remembers; 0 for a database that is one node. */
  readonly term: number;
}

const badgeName = /^node-(\d+)\.json$/;

/** `pgdata`, `pgdata-1` and so on: not what was put aside, nor what is being made. */
export function isDataFolder(name: string): boolean {
  return /^pgdata(-\d+)?$/.test(name);
}

/** Throws HALE_PLATFORM_POSTGRES_BADGE where a badge cannot be read: then nobody knows which term would be a fresh one. */
export function chooseSeat(home: string, isCluster: boolean, memory: ClusterMemory | undefined): Seat {
  if (!isCluster) return { place: nodePlace(home, 0), term: 0 };
  const badges = namesIn(home).flatMap((name) => (badgeName.test(name) ? [readBadge(join(home, name))] : []));
  const known = Math.max(1, memory?.term ?? 0, ...badges.map(({ term, fenced }) => Math.max(term, fenced)));
  return { place: nodePlace(home, memory?.ordinal ?? 0), term: known + 1 };
}

/**
 * Puts aside what is there and moves `folder` in; gives where each folder went. The new badge is the first thing to stand: broken off
 * after that, a start finds no data where the term says that there was some, and refuses to make an empty database.
 */
export async function moveIn(
  home: string,
  { place, term, suffix, folder }: Seat & { readonly suffix: string; readonly folder: string },
): Promise<ReadonlyMap<string, string>> {
  const putAside = new Map<string, string>();
  const aside = async (name: string) => {
    const path = join(home, name);
    await rename(path, `${path}.${suffix}`);
    return `${path}.${suffix}`;
  };
  const names = await readdir(home);
  for (const name of names.filter((one) => badgeName.test(one))) await aside(name);
  if (term > 0) await writeBadge(place.badge, { term, fenced: term, restored: true });
  for (const name of names.filter(isDataFolder)) putAside.set(join(home, name), await aside(name));
  await rename(folder, place.pgdata);
  return putAside;
}

function namesIn(home: string): readonly string[] {
  try {
    return readdirSync(home);
  } catch {
    return [];
  }
}
