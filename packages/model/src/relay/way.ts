// What one relay knows of one database: the signpost. It decides which table is believed, where a newcomer is led, and which nodes may keep
// whom they have. Pure: no socket, no clock. The relay (platform/relay) goes by it, and so do those of the simulator.
//
// A term never goes back. A table that arrives late, or is written by somebody who has not heard, must not lead anybody to a primary that
// was deposed, so a lower term is ignored for this database whatever the table's own age says (INV-07).
import type { DatabaseEndpoints, DatabaseNode } from '../endpoint-table.ts';

/** 'write': `db:`, to the primary. 'read': `db-ro:`, to a reader. */
export type Purpose = 'write' | 'read';

/** Where a connection was led, and by which term: what decides later whether it may stay. */
export interface Guide {
  readonly node: DatabaseNode;
  readonly term: number;
}

export interface Way {
  readonly term: number;
  readonly primary: DatabaseNode | undefined;
  readonly readers: readonly DatabaseNode[];
}

/** Before any table: nobody is led anywhere, everybody waits. */
export const noWay: Way = { term: -1, primary: undefined, readers: [] };

/** The way after hearing `told`; the same object when nothing of it is believed. */
export function follow(way: Way, told: DatabaseEndpoints | undefined): Way {
  if (told === undefined || told.term < way.term) return way;
  const { term, primary, readers } = told;
  return { term, primary, readers };
}

export function isSameNode(a: DatabaseNode | undefined, b: DatabaseNode | undefined): boolean {
  return a !== undefined && b !== undefined && a.replica === b.replica && a.address === b.address && a.port === b.port;
}

export function nodeKey({ replica, address, port }: DatabaseNode): string {
  return `${replica} ${address} ${port}`;
}

/** Where to lead a newcomer; undefined: nowhere yet. `load` counts who is at a node already, `rests` says that it has just refused somebody. */
export function choose(
  way: Way,
  purpose: Purpose,
  seen: { load(node: DatabaseNode): number; rests(node: DatabaseNode): boolean },
): DatabaseNode | undefined {
  if (purpose === 'write') return way.primary;
  let best: DatabaseNode | undefined;
  for (const reader of way.readers) {
    if (seen.rests(reader)) continue;
    if (best === undefined || seen.load(reader) < seen.load(best)) best = reader;
  }
  return best ?? way.primary ?? way.readers[0];
}

/**
 * Whether a connection that was led by `guide` may stay. A new term ends everything that was with a primary, even with the same one: between
 * the two somebody else may have been it. A reader that was promoted keeps its readers.
 */
export function mayStay(way: Way, purpose: Purpose, guide: Guide): boolean {
  const isReader = way.readers.some((reader) => isSameNode(reader, guide.node));
  if (purpose === 'read' && isReader) return true;
  if (!isSameNode(way.primary, guide.node)) return false;
  return purpose === 'read' || way.term === guide.term;
}

/** For whoever asks where `db:` leads. */
export function describeNode(way: Way): string | undefined {
  return way.primary === undefined ? undefined : nodeKey(way.primary);
}

/** Whether two ways lead to the same place. */
export function leadsAlike(a: Way, b: Way): boolean {
  const samePrimary = a.primary === b.primary || isSameNode(a.primary, b.primary);
  const sameReaders =
    a.readers.length === b.readers.length && a.readers.every((node, at) => isSameNode(node, b.readers[at]));
  return a.term === b.term && samePrimary && sameReaders;
}
