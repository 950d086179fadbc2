// The tables of `npm run bench -- calls`, in the order they run; each file beside this one is one table with a `run`.
// Whoever adds a table adds its line here.
import type { Row } from '../row.ts';

export interface CallsTable {
  run(options: { readonly seconds: number; readonly runs: number }): Promise<readonly Row[]>;
}

export const callsTables: readonly (() => Promise<CallsTable>)[] = [
  () => import('./cost.ts'),
  () => import('./failure.ts'),
  () => import('./memory.ts'),
  () => import('./traps.ts'),
  () => import('./weight.ts'),
  () => import('./client.ts'),
  () => import('./cancel.ts'),
  () => import('./chain.ts'),
  () => import('./overload.ts'),
  () => import('./recovery.ts'),
  () => import('./siege.ts'),
  () => import('./nginx.ts'),
  () => import('./balancing/table.ts'),
  () => import('./chain/table.ts'),
  () => import('./once.ts'),
  () => import('./once-live.ts'),
];
