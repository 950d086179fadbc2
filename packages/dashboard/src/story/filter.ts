// Finds replicas by words, the way a person would say it: 'orders sick', 'zone b', '41601'. Rows that hold the words side
// by side win; where there is none, every word must stand somewhere in the row. Pure.
import type { ReplicaView } from '@hale/model';

/** The replicas that `words` mean; for no words the very same list. */
export function matching(replicas: readonly ReplicaView[], words: string): readonly ReplicaView[] {
  const phrase = words.trim().toLowerCase().replace(/\s+/g, ' ');
  if (phrase === '') return replicas;
  const rows = replicas.map((replica) => ({ replica, text: textOf(replica) }));
  const exact = rows.filter((row) => row.text.includes(phrase));
  const found =
    exact.length > 0 ? exact : rows.filter((row) => phrase.split(' ').every((word) => row.text.includes(word)));
  return found.map((row) => row.replica);
}

function textOf(replica: ReplicaView): string {
  const { phase, rotation, zone, release, pid, why } = replica;
  return [
    replica.replica,
    phase,
    `rotation ${rotation}`,
    `zone ${zone}`,
    `release ${release}`,
    `pid ${pid ?? '-'}`,
    why,
  ]
    .join('\n')
    .toLowerCase();
}
