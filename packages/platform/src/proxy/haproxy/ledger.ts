// The account of what the program saw, kept by the pilot: HAProxy counts by chair and from its start, we by replica and for good. Each look at its
// table adds what is new since the last look to whoever sits there now. How long the oldest request waits, HAProxy does not say; a replica
// that owes answers and has given none since some look has kept somebody waiting at least since then.
import { haproxyBackend, haproxyHold } from '@hale/render';
import { createTotals, type GatewayTotals, type ReplicaTraffic, type UnitTraffic } from '../../gateway/stats.ts';
import type { ProxyTally } from '../proxy-program.ts';
import type { StatRow } from './stat-table.ts';

interface Account {
  requests: number;
  errors: number;
  inFlight: number;
  /** Given and not answered yet, as far as the counts tell. */
  unanswered: number;
  waitsSinceMs: number | undefined;
}

export interface Ledger {
  /** Adds what is new in `rows`. `taken`: service -> chair -> incarnation. */
  absorb(rows: readonly StatRow[], taken: ReadonlyMap<string, ReadonlyMap<string, string>>, nowMs: number): void;
  /** The next rows are those of a new life of the program, whose counts begin at 0. */
  startOver(): void;
  tally(nowMs: number): ProxyTally;
}

const errorsOf = (row: StatRow) => row.connectErrors + row.responseErrors + row.errors5xx + row.retries;

export function createLedger(): Ledger {
  const totals = createTotals();
  const units = new Map<string, { requests: number; failed: number; meanMs: number }>();
  let accounts = new Map<string, Account>();
  let last = new Map<string, StatRow>();

  const since = (row: StatRow, of: (row: StatRow) => number): number => {
    const before = last.get(`${row.proxy}/${row.server}`);
    return before === undefined ? of(row) : Math.max(0, of(row) - of(before));
  };
  return {
    absorb(rows, taken, nowMs) {
      absorbTotals(totals, rows, since);
      const kept = new Map<string, Account>();
      for (const [service, chairs] of taken) {
        const proxy = haproxyBackend(service);
        const waiting = haproxyHold(service);
        for (const row of rows) {
          if (row.proxy !== proxy && row.proxy !== waiting) continue;
          if (row.server === 'BACKEND') {
            const unit = units.get(service) ?? { requests: 0, failed: 0, meanMs: 0 };
            unit.requests += since(row, (each) => each.requests);
            unit.failed += since(row, (each) => each.errors5xx);
            if (row.proxy === proxy) unit.meanMs = row.meanMs;
            units.set(service, unit);
          }
          if (row.proxy === waiting) continue;
          const incarnation = chairs.get(row.server);
          if (incarnation === undefined) continue;
          const account = accounts.get(incarnation) ?? {
            requests: 0,
            errors: 0,
            inFlight: 0,
            unanswered: 0,
            waitsSinceMs: undefined,
          };
          absorbChair(account, row, since, nowMs);
          kept.set(incarnation, account);
        }
      }
      accounts = kept;
      last = new Map(rows.map((row) => [`${row.proxy}/${row.server}`, row]));
    },
    startOver() {
      last = new Map();
      for (const account of accounts.values()) {
        account.unanswered = 0;
        account.waitsSinceMs = undefined;
      }
    },
    tally(nowMs) {
      const replicas: Record<string, ReplicaTraffic> = {};
      for (const [incarnation, { requests, errors, inFlight, waitsSinceMs }] of accounts) {
        const oldestWaitMs = waitsSinceMs === undefined ? 0 : Math.round(nowMs - waitsSinceMs);
        replicas[incarnation] = { requests, errors, inFlight, oldestWaitMs };
      }
      const perUnit: Record<string, UnitTraffic> = {};
      for (const [service, { requests, failed, meanMs }] of units) {
        perUnit[service] = { requests, failed, p50Ms: meanMs, p99Ms: meanMs };
      }
      return { totals: { ...totals }, replicas, perUnit };
    },
  };
}

type Since = (row: StatRow, of: (row: StatRow) => number) => number;

function absorbTotals(totals: GatewayTotals, rows: readonly StatRow[], since: Since): void {
  let inFlight = 0;
  for (const row of rows) {
    if (row.server === 'FRONTEND') {
      totals.requests += since(row, (each) => each.requests);
      totals.failed += since(row, (each) => each.errors5xx);
    } else if (row.server === 'BACKEND') {
      totals.retried += since(row, (each) => each.retries);
      totals.severed += since(row, (each) => each.serverAborts);
      inFlight += row.inFlight;
    } else if (row.server === 'hold') totals.held += since(row, (each) => each.requests);
  }
  totals.inFlight = inFlight;
}

function absorbChair(account: Account, row: StatRow, since: Since, nowMs: number): void {
  const given = since(row, (each) => each.requests);
  const answered = since(row, (each) => each.answers);
  account.requests += given;
  account.errors += since(row, errorsOf);
  account.inFlight = row.inFlight + row.queued;
  // An upgraded connection or a long download is under way, and answered: nobody waits for it.
  const settled =
    answered + since(row, (each) => each.clientAborts + each.connectErrors + each.responseErrors + each.retries);
  account.unanswered = account.inFlight === 0 ? 0 : Math.max(0, account.unanswered + given - settled);
  if (account.unanswered === 0) account.waitsSinceMs = undefined;
  else if (answered > 0) account.waitsSinceMs = nowMs;
  else account.waitsSinceMs ??= nowMs;
}
