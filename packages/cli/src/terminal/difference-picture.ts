// What a rollout will do, before it does it: one line a change, with the sign that people know from diffs. Pure.
import type { SystemDiff, UnitChange, UnitName } from '@hale/model';
import type { Style } from './words.ts';

const signs = {
  added: ['+', 'good'],
  removed: ['-', 'bad'],
  replaced: ['~', 'busy'],
  scaled: ['~', 'busy'],
  adjusted: ['~', 'faint'],
} as const satisfies Record<UnitChange['kind'], readonly [string, string]>;

export function renderDifference(difference: SystemDiff, { paint }: Style): string[] {
  if (difference.changes.length === 0) return [paint.faint('it runs already, and nothing changed')];
  return difference.changes.map((change, index) => {
    const [sign, tone] = signs[change.kind];
    return `${paint[tone](sign)} ${difference.sentences[index] ?? change.unit}`;
  });
}

/** Units whose every replica must be of the new release when the rollout is done. */
export function replacedUnits(difference: SystemDiff): UnitName[] {
  return difference.changes.flatMap((change) =>
    change.kind === 'replaced' || change.kind === 'added' ? [change.unit] : [],
  );
}
