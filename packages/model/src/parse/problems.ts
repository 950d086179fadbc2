// How a complaint is worded: where, what, and what to write instead. Also finds the word that was probably meant.
import type { Problem } from '@hale/base';

/** Steps from the root of the declaration: keys and indexes. */
export type Path = readonly (string | number)[];

/** ['services', 'orders', 'uses', 0] -> 'services.orders.uses[0]'; odd keys are quoted: gateway.routes["/orders"]. */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** The inverse of formatPath. */
export function splitPath(text: string): Path {
  const steps: (string | number)[] = [];
  for (const match of text.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g)) {
    if (match[1] !== undefined) steps.push(Number(match[1]));
    else if (match[2] !== undefined) steps.push(JSON.parse(match[2]) as string);
    else if (match[3] !== undefined) steps.push(match[3]);
  }
  return steps;
}

export interface Complaint {
  readonly message: string;
  readonly hint: string;
}

export function errorAt(path: Path, complaint: Complaint): Problem {
  return { severity: 'error', path: formatPath(path), message: complaint.message, hint: complaint.hint };
}

export function warningAt(path: Path, complaint: Complaint): Problem {
  return { ...errorAt(path, complaint), severity: 'warning' };
}

/** The known word nearest to `word`, if it is near enough to have been meant. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** "did you mean 'orders'?", or the list of what there is. */
export function suggest(word: string, known: readonly string[], kind: string): string {
  const meant = nearest(word, known);
  if (meant !== undefined) return `did you mean '${meant}'?`;
  return known.length === 0 ? `there is no ${kind} yet` : `known: ${known.join(', ')}`;
}

/** Levenshtein's distance with a swap of neighbours as one step (Damerau's restricted form). Words are cut at 60 letters (INV-09). */
function editDistance(from: string, to: string): number {
  const a = from.slice(0, 60);
  const b = to.slice(0, 60);
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
