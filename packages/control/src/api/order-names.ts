// Checks that what an order speaks of exists, before it goes into the journal, and says what was probably meant.
import type { Order, SystemView } from '@hale/model';

/** What is wrong with the names of `order`; undefined when all are known. */
export function unknownNameIn(order: Order, view: SystemView): { message: string; hint: string } | undefined {
  const units = view.units.map(({ unit }) => unit);
  const replicas = view.replicas.map(({ replica }) => replica as string);
  const asked = namesOf(order);
  if (asked.unit !== undefined && !units.includes(asked.unit)) return unknown('service', asked.unit, units);
  if (asked.replica !== undefined && !replicas.includes(asked.replica))
    return unknown('replica', asked.replica, replicas);
  const incidents = view.incidents.map(({ id }) => id as string);
  if (asked.incident !== undefined && !incidents.includes(asked.incident))
    return unknown('incident', asked.incident, incidents);
  return undefined;
}

function namesOf(order: Order): { unit?: string; replica?: string | undefined; incident?: string } {
  switch (order.kind) {
    case 'restart':
      return { unit: order.unit, replica: order.replica };
    case 'failover':
    case 'scale':
    case 'resume':
      return { unit: order.unit };
    case 'drain':
    case 'undrain':
      return { replica: order.replica };
    case 'acknowledge':
      return { incident: order.incident };
    case 'shutdown':
      return {};
  }
}

const namedMax = 20;

function unknown(what: string, name: string, known: readonly string[]): { message: string; hint: string } {
  const near = [...known].sort((a, b) => editsBetween(name, a) - editsBetween(name, b)).slice(0, namedMax);
  const list = near.length === 0 ? `there are none` : `did you mean: ${near.join(', ')}?`;
  return { message: `there is no ${what} '${name}'`, hint: list };
}

/** Levenshtein's distance, one row at a time. Names are bounded by the parser of requests. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, swap));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
