// Patience that travels: a caller says in `x-hale-timeout-ms` how long it will still wait, and whatever is called while
// answering it waits no longer. Work for somebody who has left is work for nobody.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '@hale/base';

export const patienceHeader = 'x-hale-timeout-ms';

const dueMs = new AsyncLocalStorage<number | undefined>();

/** Call it when a request arrives: what its handler does from now on is bounded by its caller's patience. */
export function rememberPatience(req: IncomingMessage, clock: Clock): void {
  const said = req.headers[patienceHeader];
  const ms = typeof said === 'string' && /^\d{1,9}$/.test(said) ? Number(said) : undefined;
  dueMs.enterWith(ms === undefined ? undefined : clock.mono() + ms);
}

/** When the caller of what is being answered stops waiting (mono ms); undefined: nobody said. */
export function callerDueMs(): number | undefined {
  return dueMs.getStore();
}
