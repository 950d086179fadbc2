// What a handler may know while its keyed request is under way: the transaction that its effect has to go into, and names that stay the
// same when the request is done again. It follows the request through every `await` by itself.
import { AsyncLocalStorage } from 'node:async_hooks';
import { keyError } from './errors.ts';
import { identityOf } from './fingerprint.ts';

export interface IdempotencyContext<Tx> {
  /** Your library's own transaction. What is written through it happens once; what is written beside it does not. */
  readonly tx: Tx;
  /** Undefined where the request had none and none was required. */
  readonly key: string | undefined;
  /**
   * A key for an effect outside the database (a charge, a mail): the same each time this request is done, another for each `name`.
   * The effect is once only if the receiver honours it (INV-11).
   *
   * @example
   * await payments.fetch('/charge', { json: { cents: 420 }, idempotencyKey: context.childKey('charge') });
   */
  childKey(name: string): string;
  /** Higher in each later attempt: a receiver that remembers the highest can refuse an owner that was paused (INV-11). */
  fencingToken(): Promise<string>;
  /** Aborts when the work can no longer commit: its time is over, or its transaction was lost. Made when it is read. */
  readonly signal: AbortSignal;
}

const current = new AsyncLocalStorage<IdempotencyContext<unknown>>();

export function withContext<Tx, T>(context: IdempotencyContext<Tx>, work: () => T): T {
  return current.run(context, work);
}

/** The context of the keyed request that is being handled; undefined outside of one. */
export function presentContext(): IdempotencyContext<unknown> | undefined {
  return current.getStore();
}

export function demandContext(): IdempotencyContext<unknown> {
  const context = current.getStore();
  if (context === undefined) throw keyError('HALE_SDK_KEY_CONTEXT_MISSING', 'no keyed request is being handled here');
  return context;
}

export function childKeyOf(id: string, name: string): string {
  return identityOf(id, name).slice(0, 32);
}
