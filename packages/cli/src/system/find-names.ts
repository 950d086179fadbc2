// Turns what a person typed into the name of a service or a replica, or says what was probably meant.
import type { ReplicaView, SystemView, UnitView } from '@hale/model';
import { cliError } from '../errors.ts';

export type Named =
  | { readonly kind: 'unit'; readonly unit: UnitView }
  | { readonly kind: 'replica'; readonly replica: ReplicaView };

/** 'orders' is a unit, 'orders/1' a replica. Throws HALE_CLI_UNKNOWN_NAME with the nearest name. */
export function findNamed(view: SystemView, name: string): Named {
  const replica = view.replicas.find((one) => one.replica === name);
  if (replica !== undefined) return { kind: 'replica', replica };
  const unit = view.units.find((one) => one.unit === name);
  if (unit !== undefined) return { kind: 'unit', unit };
  throw unknownName(name, [...view.units.map((one) => one.unit), ...view.replicas.map((one) => one.replica)]);
}

export function unknownName(name: string, known: readonly string[]) {
  const near = nearest(name, known);
  const hint = near === undefined ? `known: ${known.join(', ')}` : `did you mean ${near}? hale ps lists the names`;
  return cliError('HALE_CLI_UNKNOWN_NAME', `there is no '${name}' here`, { hint });
}

/** The known name fewest edits away, if it is at most a third of the word. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of known) {
    const edits = editsBetween(name, candidate);
    if (edits < least) {
      least = edits;
      best = candidate;
    }
  }
  return best;
}

/** Insertions, deletions, changes and swapped neighbours (Damerau and Levenshtein, optimal string alignment). */
function editsBetween(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = i > 1 && j > 1 && swaps ? (before[j - 2] ?? 0) + 1 : change;
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change, swap));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
