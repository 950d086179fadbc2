// The socket between the rule (once.ts) and whatever keeps the records: a transaction, a lock that dies with it, a record that
// commits with it. The PostgreSQL store (sql-store.ts) and the simulated one of the tests fit into it.

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Uint8Array;
}

/** Who asks for what, in digests. */
export interface Claim {
  /** Hex: digest of scope, caller and key. The record's primary key. */
  readonly id: string;
  readonly scope: string;
  readonly key: string;
  /** Hex: digest of the payload. */
  readonly fingerprint: string;
}

export interface StoredRecord {
  readonly fingerprint: string;
  readonly answer: Answer;
}

/** `record`: the answer is known. Else `mine`: this transaction now holds the key. Else somebody else does. */
export interface Claimed {
  readonly mine: boolean;
  readonly record: StoredRecord | undefined;
}

/** Who holds the key: a request with our payload, one with another, or nobody any more. */
export type Holder = 'same' | 'other' | 'gone';

/** `taken`: the key has a record already. `failed`: an earlier statement failed, the transaction can only be rolled back. */
export type Kept = 'kept' | 'taken' | 'failed';

export interface IdempotencyStore<Tx> {
  /** A transaction in which nothing is asked for this long is ended by the database itself; `beat` counts as asking. */
  readonly leaseMs: number;
  /** Opens a transaction, runs `work`, commits, and rolls back when it throws. `timeoutMs` is the longest it may stay open. */
  transact<T>(work: (tx: Tx) => Promise<T>, timeoutMs: number): Promise<T>;
  /** Takes the key for this transaction unless somebody holds it, then looks for its record. Never waits for another. */
  claim(tx: Tx, claim: Claim): Promise<Claimed>;
  holder(tx: Tx, claim: Claim): Promise<Holder>;
  /** Writes the record into the transaction. Unless it is `kept`, this transaction must not commit. */
  keep(tx: Tx, claim: Claim, kept: { readonly answer: Answer; readonly ttlMs: number }): Promise<Kept>;
  beat(tx: Tx): Promise<void>;
  /** Whether the transaction still exists (one that only failed and waits to be rolled back does). */
  isAlive(tx: Tx): Promise<boolean>;
  /** A number that is higher for each later transaction. */
  fencingToken(tx: Tx): Promise<string>;
  /** Deletes at most `countMax` expired records; gives how many. */
  prune(countMax: number): Promise<number>;
}
