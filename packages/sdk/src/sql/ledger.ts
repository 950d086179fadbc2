// The receipt book. When the line breaks while a commit is under way, nobody can tell from the silence whether it happened. So each transaction
// writes a number of its own in one row (its lane's) on the way to its commit, in the same message. Whoever must know asks afterwards:
//
//   row holds N        it was committed
//   row holds less     it was not; the asking itself writes N + 1, and a commit that comes late, out of some buffer, finds its number crossed out
//                      and fails (the column may not be null)
//
// A transaction that has written nothing (it has no number of the server's own) leaves no receipt: it may be run again, and a read costs no write.
// One that only sends a NOTIFY counts as that. Asking is a write in both cases, so its own acknowledgement says that the standbys have what the answer stands on. PostgreSQL's pg_xact_status
// was not chosen: a transaction that never reached the next primary has left its number to somebody else's, whose fate it would tell.
import { assert } from '@hale/base';

/** One row in the book, used by one connection at a time, also by the next one when that broke. Numbers of transactions are even. */
export interface Lane {
  readonly id: string;
  number: number;
}

export interface Ledger {
  readonly name: string;
  readonly lookFor: string;
  readonly make: readonly string[];
  /** Takes the lane's next number and puts it into the transaction that is about to commit. */
  settle(lane: Lane): string;
  /** Gives one row with `number`: see `isSettled`. */
  ask(lane: Lane): string;
  readonly sweep: string;
}

const tableName = /^([a-z_][a-z0-9_]{0,62}\.)?[a-z_][a-z0-9_]{0,62}$/;
const laneName = /^[0-9A-Za-z-]{1,64}$/;
/** For PostgreSQL's advisory locks: replicas that start at once make the table one after the other. */
const makingLock = '7230182665';

export function isLedgerName(name: string): boolean {
  return tableName.test(name);
}

export function createLedger(table: string): Ledger {
  assert(isLedgerName(table), 'the table name was checked');
  return {
    name: table,
    lookFor: `select to_regclass('${table}') is not null as made`,
    make: [
      `select pg_advisory_xact_lock(${makingLock})`,
      `create table if not exists ${table} (lane text primary key, number bigint not null, at timestamptz not null) with (fillfactor = 50)`,
    ],
    settle(lane) {
      lane.number += 2;
      return `insert into ${table} as known
        select ${idOf(lane)}, ${lane.number}, now() where pg_current_xact_id_if_assigned() is not null on conflict (lane)
        do update set number = case when known.number < ${lane.number} then ${lane.number} end, at = now()`;
    },
    ask: (lane) =>
      `insert into ${table} as known values (${idOf(lane)}, ${lane.number + 1}, now()) on conflict (lane)
        do update set number = case when known.number = ${lane.number} then known.number else ${lane.number + 1} end, at = now()
        returning number`,
    // Nobody asks after a day: a transaction's time ends long before.
    sweep: `delete from ${table} where at < now() - interval '1 day'`,
  };
}

/** What the answer to `ask` says: whether the lane's last transaction was committed. */
export function isSettled(lane: Lane, row: { readonly number?: unknown } | undefined): boolean {
  const number = Number(row?.number);
  assert(
    number === lane.number || number === lane.number + 1,
    `the book says ${number} where ${lane.number} was asked`,
  );
  return number === lane.number;
}

function idOf(lane: Lane): string {
  assert(laneName.test(lane.id) && Number.isSafeInteger(lane.number), 'a lane is plain letters and a number');
  return `'${lane.id}'`;
}
