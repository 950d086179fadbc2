// A server process that can be killed, stopped and continued, or lost with its host, at any moment. Whatever reaches it while it is stopped
// waits; whatever reaches it after its death is heard by nobody.
import type { Clock } from '@hale/base';
import type { Session, SimDatabase } from './database.ts';
import { clockOf, type VirtualTime } from './virtual-time.ts';

export interface SimProcess {
  readonly number: number;
  readonly clock: Clock;
  isAlive: boolean;
  /** Requests that it is answering. */
  busy: number;
  readonly sessions: Set<Session>;
  /** Lets the process notice something, if it can. */
  deliver(fn: () => void): void;
  stop(forMs: number): void;
  /** `silently`: its host is gone, so nobody closes its connections. */
  kill(silently: boolean): void;
}

/** What was sent before a death is still read by the other side; then comes the end of the stream. */
const lastWordsMs = 12;

export function createSimProcess(number: number, time: VirtualTime, database: SimDatabase): SimProcess {
  let waiting: (() => void)[] | undefined;
  const self: SimProcess = {
    number,
    clock: clockOf(time, (fn) => self.deliver(fn)),
    isAlive: true,
    busy: 0,
    sessions: new Set(),
    deliver(fn) {
      if (!self.isAlive) return;
      if (waiting === undefined) fn();
      else waiting.push(fn);
    },
    stop(forMs) {
      if (waiting !== undefined) return;
      waiting = [];
      time.after(forMs, () => {
        const woken = waiting ?? [];
        waiting = undefined;
        // One after the other, as a woken event loop would: each may end the process's interest in the next.
        for (const [index, fn] of woken.entries()) time.after(index / 1_000, () => self.deliver(fn));
      });
    },
    kill(silently) {
      self.isAlive = false;
      if (silently) return;
      const left = [...self.sessions];
      time.after(lastWordsMs, () => {
        for (const session of left) if (session.state === 'open') database.end(session);
      });
    },
  };
  return self;
}
