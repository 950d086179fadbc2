// The load generator's own book: for every request whether it was acknowledged, failed, or severed, and every record that
// was acknowledged by name, so that afterwards somebody can go and see whether it is really kept. It trusts nobody's counters.

/**
 * `ok`: answered below 500. `failed`: answered 500 or above, refused, or not in time.
 * `severed`: the connection broke after the request was sent (a gateway worker died with it). `unsent`: the generator itself
 * could not send it in time, because too many were waiting.
 */
export type Verdict = 'ok' | 'failed' | 'severed' | 'unsent';

export interface Failure {
  readonly atMs: number;
  readonly request: string;
  readonly verdict: Verdict;
  readonly why: string;
}

export interface Ledger {
  readonly counts: Readonly<Record<Verdict, number>>;
  /** How often each reason was seen. */
  readonly reasons: ReadonlyMap<string, number>;
  /** The first failures, for a person. */
  readonly failures: readonly Failure[];
  /** Ids of records that were acknowledged; full at `recordsMax`, then no more of them are sent. */
  readonly acknowledged: ReadonlySet<string>;
  readonly isFull: boolean;
  settle(verdict: Verdict, entry: { atMs: number; request: string; why: string }): void;
  acknowledge(recordId: string): void;
}

const failuresMax = 100;
const reasonsMax = 50;

export function createLedger(recordsMax = 200_000): Ledger {
  const counts: Record<Verdict, number> = { ok: 0, failed: 0, severed: 0, unsent: 0 };
  const reasons = new Map<string, number>();
  const failures: Failure[] = [];
  const acknowledged = new Set<string>();
  return {
    counts,
    reasons,
    failures,
    acknowledged,
    get isFull() {
      return acknowledged.size >= recordsMax;
    },
    settle(verdict, entry) {
      counts[verdict]++;
      if (verdict === 'ok') return;
      const reason = `${verdict}: ${entry.why}`;
      if (reasons.has(reason) || reasons.size < reasonsMax) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
      if (failures.length < failuresMax) failures.push({ verdict, ...entry });
    },
    acknowledge: (recordId) => void acknowledged.add(recordId),
  };
}
