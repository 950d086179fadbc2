// Keeps one control process running, the way a pacemaker keeps one heart: when it ends it is started again, after 0.1 s,
// doubling to 5 s, back to 0.1 s once it has lived 10 s. A new command takes over by asking the old one to end.
// Control lives in the register under the key 'control', so the next keeper finds it there.
import { setTimeout as after } from 'node:timers';
import type { Listeners } from './listeners.ts';
import type { Nursery } from './nursery.ts';
import type { ControlRequest, ExitEvent } from './protocol.ts';

export const controlKey = 'control';
const delayMinMs = 100;
const delayMaxMs = 5000;
// A control that lived this long had begun and adopted: its death is a new misfortune, not the same one again.
const settledMs = 3_000;

export interface ControlRunner {
  /** The command from now on. A running control gets SIGTERM (hand-over). */
  use(request: ControlRequest): void;
  onExit(exit: ExitEvent): void;
  /** Gives the running control a socket that was bound after its birth, so that it can hand it to the next keeper. */
  hand(name: string): void;
  stop(): void;
}

export function createControlRunner(options: {
  nursery: Nursery;
  forget: (key: string) => void;
  listeners: Pick<Listeners, 'names' | 'describe' | 'socket'>;
  log: string;
  initial: ControlRequest | undefined;
  save: (request: ControlRequest) => void;
}): ControlRunner {
  const { nursery, log } = options;
  let wanted = options.initial;
  let delayMs = delayMinMs;
  let startedAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const isRunning = () => nursery.list().some((record) => record.key === controlKey && record.state === 'running');

  const start = () => {
    timer = undefined;
    if (wanted === undefined || stopped || isRunning()) return;
    options.forget(controlKey);
    const names = options.listeners.names();
    const env = { ...wanted.env, HALE_LISTENERS: options.listeners.describe() };
    startedAt = Date.now();
    nursery
      .spawn({ key: controlKey, argv: wanted.argv, cwd: wanted.cwd, env, log, listeners: names }, true)
      .catch(schedule);
  };
  const schedule = () => {
    if (stopped || timer !== undefined) return;
    if (Date.now() - startedAt > settledMs) delayMs = delayMinMs;
    timer = after(start, delayMs);
    delayMs = Math.min(delayMs * 2, delayMaxMs);
  };
  if (wanted !== undefined) schedule();
  return {
    use(request) {
      wanted = request;
      delayMs = delayMinMs;
      options.save(request);
      if (!nursery.signal({ key: controlKey, signal: 'SIGTERM', group: false })) {
        clearTimeout(timer);
        start();
      }
    },
    hand(name) {
      const socket = options.listeners.socket(name);
      if (socket !== undefined) nursery.hand(controlKey, { name, ...socket });
    },
    onExit(exit) {
      if (exit.key === controlKey) schedule();
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
