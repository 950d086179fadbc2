// The receipt book's table: looked for before the first transaction, made where it is missing, swept of rows that nobody asks for any more.
import { sqlError } from './errors.ts';
import { createPatience, type Patience } from './patience.ts';
import { type Bench, transact } from './transaction.ts';

export interface LedgerTable {
  /** Throws HALE_SDK_SQL_LEDGER when it is not there and cannot be made. */
  prepare(patience: Patience): Promise<void>;
}

const sweepEveryMs = 3_600_000;
const sweepMs = 10_000;

export function openLedger(bench: Bench): LedgerTable {
  const { ledger, clock } = bench;
  if (ledger === undefined) return { prepare: async () => {} };
  // Without a book: whether one of these was committed needs no receipt, it can be seen.
  const plain: Bench = { ...bench, ledger: undefined };
  let isThere = false;
  let making: Promise<void> | undefined;
  let sweptMs = clock.mono();
  const run = (texts: readonly string[], patience: Patience) =>
    transact(plain, { begin: 'begin', patience, work: async (tx) => lastRows(await inTurn(tx, texts)) });
  const make = async (patience: Patience) => {
    const [found] = await run([ledger.lookFor], patience);
    if (found?.made !== true) await run(ledger.make, patience);
  };
  const sweep = async () => {
    sweptMs = clock.mono();
    const patience = createPatience(clock, sweepMs);
    await run([ledger.sweep], patience).finally(() => patience.close());
  };
  return {
    async prepare(patience) {
      // A sweep that fails is made up for by the next one.
      if (isThere && clock.mono() - sweptMs >= sweepEveryMs) void sweep().catch(() => {});
      while (!isThere) {
        const isMine = making === undefined;
        making ??= make(patience).finally(() => {
          making = undefined;
        });
        try {
          await patience.within(making, () => sqlError('HALE_SDK_SQL_TIMEOUT', `${ledger.name} was not made in time`));
          isThere = true;
        } catch (error) {
          if (isRefusal(error)) {
            throw sqlError('HALE_SDK_SQL_LEDGER', `there is no ${ledger.name}: ${(error as Error).message}`, error);
          }
          // Somebody else's patience ended, or its commit was lost: look again.
          const isLost = (error as { code?: unknown }).code === 'HALE_SDK_SQL_UNKNOWN';
          if (patience.remainingMs() === 0 || (isMine && !isLost)) throw error;
        }
      }
    },
  };
}

interface Rows {
  readonly rows: readonly { readonly made?: unknown }[];
}

async function inTurn(tx: { query(text: string): Promise<Rows> }, texts: readonly string[]): Promise<Rows[]> {
  const all: Rows[] = [];
  for (const text of texts) all.push(await tx.query(text));
  return all;
}

function lastRows(all: readonly Rows[]): Rows['rows'] {
  return all.at(-1)?.rows ?? [];
}

/** Class 42: the right is missing, or the name means something else. 3F: there is no such schema. */
function isRefusal(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && (code.startsWith('42') || code.startsWith('3F'));
}
