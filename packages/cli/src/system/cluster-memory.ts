// What the journal of a system remembers: as a checkpoint for a backup, and of a database cluster its term and which node is the
// primary of it. A restore asks, because the next start begins with that node. It only reads; where there is no journal, there is
// nothing to remember.
import { join } from 'node:path';
import { type Checkpoint, readCheckpoint } from '@hale/control';
import { initialState, restoreState, step, viewOf } from '@hale/healer';
import type { ClusterMemory } from '@hale/platform/postgres';
import { stateFolderOf } from './folder.ts';

export const journalFileOf = (root: string) => join(stateFolderOf(root), 'journal.db');

export function checkpointOf(root: string): Checkpoint | undefined {
  return readCheckpoint(journalFileOf(root), { initialState: () => initialState(''), step, viewOf, restoreState });
}

export function clusterMemoryOf(root: string, name: string): ClusterMemory | undefined {
  const checkpoint = checkpointOf(root);
  const state = checkpoint && restoreState(checkpoint.state);
  const cluster = state?.units.find(({ spec }) => spec.name === name)?.cluster;
  if (cluster === undefined) return undefined;
  const ordinal = Number(cluster.primary.split('/').at(-1));
  return { term: Math.max(cluster.term, cluster.election?.term ?? 0), ordinal };
}
