// Where one node of a database lies below the database's folder. The first keeps the place of a database that is alone, so that
// one that grows into a cluster takes its data along.
//
//   .hale/data/<name>/pgdata          node 0          .hale/data/<name>/node-0.json   its badge (badge.ts)
//   .hale/data/<name>/pgdata-1        node 1          .hale/data/<name>/port-1        where it listens, for life
import { join } from 'node:path';

export interface NodePlace {
  readonly ordinal: number;
  readonly pgdata: string;
  readonly badge: string;
  readonly portName: string;
}

export function nodePlace(home: string, ordinal: number): NodePlace {
  return {
    ordinal,
    pgdata: join(home, ordinal === 0 ? 'pgdata' : `pgdata-${ordinal}`),
    badge: join(home, `node-${ordinal}.json`),
    portName: `port-${ordinal}`,
  };
}

/**
 * The name under which a node reports to its primary, as `synchronous_standby_names` counts it. It holds the term: a standby that
 * missed a change of term goes on copying, and its word counts for nothing (INV-07).
 */
export function applicationName(of: {
  readonly unit: string;
  readonly ordinal: number;
  readonly term: number;
}): string {
  return `${of.unit.replaceAll('-', '_')}_${of.ordinal}_t${of.term}`;
}
