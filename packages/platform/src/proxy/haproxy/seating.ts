// Who sits on which chair: compares the chairs of one service as they are with the replicas as they should be and says what to order, so
// that it does not matter what was missed in between. Pure. A chair that was left keeps what is under way on it, and is not given to the
// next while another is free: their figures would be mixed.
import type { ProxyMember } from '../proxy-program.ts';
import type { SeatRow } from './stat-table.ts';

export interface Seating {
  /** Orders for the runtime socket, in this order. */
  readonly orders: readonly string[];
  /** Chair -> incarnation, as it will be; who has left stays named until the chair is given away. */
  readonly taken: ReadonlyMap<string, string>;
  /** Chairs that are missing: the row must be made longer. */
  readonly lacking: number;
}

export interface Row {
  readonly backend: string;
  readonly seats: readonly SeatRow[];
  /** Chair -> incarnation, as far as it is known. */
  readonly taken: ReadonlyMap<string, string>;
  /** Chairs with requests under way. */
  readonly busy: ReadonlySet<string>;
}

/** What to order so that exactly `members` get new requests. */
export function seat(row: Row, members: readonly ProxyMember[]): Seating {
  const own = new Map<string, SeatRow>();
  for (const member of members) {
    const chair = findSeat(row, member);
    if (chair !== undefined) own.set(member.incarnation, chair);
  }
  const kept = new Set([...own.values()].map(({ server }) => server));
  const free = row.seats.filter(({ server }) => !kept.has(server)).sort((a, b) => unrest(row, a) - unrest(row, b));
  const left = new Set(free.filter(({ admin }) => admin !== 'maint').map(({ server }) => server));
  const orders: string[] = [];
  const taken = new Map(row.taken);
  let lacking = 0;
  for (const member of members) {
    const chair = own.get(member.incarnation) ?? free.shift();
    if (chair === undefined) {
      lacking++;
      continue;
    }
    left.delete(chair.server);
    taken.set(chair.server, member.incarnation);
    orders.push(...ordersFor(`${row.backend}/${chair.server}`, chair, member));
  }
  // Last, so that at no moment fewer serve than before and after. What is under way there is finished; nothing new comes.
  for (const server of left) orders.push(`set server ${row.backend}/${server} state maint`);
  return { orders, taken, lacking };
}

/** By name where we know who sits there, else by address: a new pilot finds those whom the last one seated. */
function findSeat(row: Row, member: ProxyMember): SeatRow | undefined {
  return row.seats.find((each) => {
    const occupant = row.taken.get(each.server);
    if (occupant !== undefined) return occupant === member.incarnation;
    return each.admin !== 'maint' && each.address === member.address && each.port === member.port;
  });
}

function unrest(row: Row, chair: SeatRow): number {
  return (row.busy.has(chair.server) ? 2 : 0) + (chair.admin === 'maint' ? 0 : 1);
}

function ordersFor(name: string, chair: SeatRow, member: ProxyMember): string[] {
  const orders: string[] = [];
  const hasMoved = chair.address !== member.address || chair.port !== member.port;
  if (hasMoved) {
    // Out first: its idle connections to the last one are closed.
    if (chair.admin !== 'maint') orders.push(`set server ${name} state maint`);
    orders.push(`set server ${name} addr ${member.address} port ${member.port}`);
  }
  if (chair.weight !== member.weight) orders.push(`set server ${name} weight ${member.weight}`);
  if (!hasMoved && chair.admin === 'ready') return orders;
  // Up, whatever the last one's record says.
  orders.push(`set server ${name} state ready`, `set server ${name} health up`);
  return orders;
}
