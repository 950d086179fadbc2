// Structural sharing: of two equal pieces keep the old one, so that "same object" means "nothing to draw". Lists of things
// with a name are matched by that name and not by place. For plain JSON only.

type Named = { readonly replica?: string; readonly unit?: string; readonly id?: string };

/** `next`, with every part that equals its counterpart in `old` replaced by the old object. */
export function keepEqual<T>(old: T | undefined, next: T): T {
  return keep(old, next) as T;
}

function keep(old: unknown, next: unknown): unknown {
  if (old === next || old === null || next === null || typeof old !== 'object' || typeof next !== 'object') return next;
  if (Array.isArray(next)) return Array.isArray(old) ? keepList(old, next) : next;
  if (Array.isArray(old)) return next;
  const before = old as Record<string, unknown>;
  const merged: Record<string, unknown> = {};
  let same = Object.keys(before).length === Object.keys(next).length;
  for (const [key, value] of Object.entries(next)) {
    merged[key] = keep(before[key], value);
    same &&= merged[key] === before[key] && key in before;
  }
  return same ? old : merged;
}

function keepList(old: readonly unknown[], next: readonly unknown[]): readonly unknown[] {
  const byName = new Map(old.map((item, i) => [nameOf(item, i), item]));
  const merged = next.map((item, i) => keep(byName.get(nameOf(item, i)), item));
  return merged.length === old.length && merged.every((item, i) => item === old[i]) ? old : merged;
}

function nameOf(item: unknown, place: number): string {
  if (item === null || typeof item !== 'object') return `#${place}`;
  const named = item as Named;
  return named.id ?? named.replica ?? named.unit ?? `#${place}`;
}
