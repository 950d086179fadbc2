// What the journal of a system that is down remembers of a database cluster: its term, and which node is the primary of it. A
// restore asks, because the next start begins with that node. Read only; where there is no journal, there is nothing to remember.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openSqliteJournal, restore } from '@hale/control';
import { initialState, restoreState, step, viewOf } from '@hale/healer';
import type { ClusterMemory } from '@hale/platform/postgres';
import { stateFolderOf } from './folder.ts';

/** Only for a system that does not run: its journal belongs to its control room. */
export function clusterMemoryOf(root: string, name: string, wallMs: number): ClusterMemory | undefined {
  const file = join(stateFolderOf(root), 'journal.db');
  if (!existsSync(file)) return undefined;
  // A broken one is moved aside here as it would be at the next start, which then begins with nothing.
  const journal = openSqliteJournal({ file, wallMs, onBroken: () => {} });
  try {
    const brain = { initialState: () => initialState(''), step, viewOf, restoreState };
    const { state } = restore(brain, journal);
    const cluster = state.units.find(({ spec }) => spec.name === name)?.cluster;
    if (cluster === undefined) return undefined;
    const ordinal = Number(cluster.primary.split('/').at(-1));
    return { term: Math.max(cluster.term, cluster.election?.term ?? 0), ordinal };
  } finally {
    journal.close();
  }
}
