// The tables of `npm run bench -- calls`, in the order they run; each file beside this one is one table with a `run`.
// Whoever adds a table adds its line here.
import type { Row } from '../row.ts';

export interface CallsTable {
  run(options: { readonly seconds: number; readonly runs: number }): Promise<readonly Row[]>;
}

/** By the names that `--only` knows. */
export const callsTables: Readonly<Record<string, () => Promise<CallsTable>>> = {
  cost: () => import('./cost.ts'),
  failure: () => import('./failure.ts'),
  memory: () => import('./memory.ts'),
  traps: () => import('./traps.ts'),
  weight: () => import('./weight.ts'),
  client: () => import('./client.ts'),
  cancel: () => import('./cancel.ts'),
  'chain-live': () => import('./chain.ts'),
  overload: () => import('./overload.ts'),
  recovery: () => import('./recovery.ts'),
  siege: () => import('./siege.ts'),
  nginx: () => import('./nginx.ts'),
  balancing: () => import('./balancing/table.ts'),
  chain: () => import('./chain/table.ts'),
  once: () => import('./once.ts'),
  'once-live': () => import('./once-live.ts'),
};
