// What a command may touch of the world it runs in: the paper it writes on, the clock, the environment, and the
// reader's Ctrl-C. A test hands in its own.
import { type Clock, createSystemClock } from '@hale/base';
import { createTerminal, type Terminal } from './terminal/terminal.ts';
import type { Style } from './terminal/words.ts';

export interface Host {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Calls `fn` at each Ctrl-C, at SIGTERM and SIGHUP, and when nobody reads any more, instead of dying; the answer gives the signals back. */
  onInterrupt(fn: () => void): () => void;
}

const interruptSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function createHost(): Host {
  const env = process.env;
  const terminal = createTerminal({ stdout: process.stdout, stderr: process.stderr, env });
  return {
    terminal,
    clock: createSystemClock(),
    env,
    cwd: process.cwd(),
    onInterrupt(fn) {
      for (const signal of interruptSignals) process.on(signal, fn);
      const keepReading = terminal.onReaderGone(fn);
      return () => {
        keepReading();
        for (const signal of interruptSignals) process.off(signal, fn);
      };
    },
  };
}

/** How pictures are drawn on this host now. */
export function styleOf(host: Host): Style {
  return {
    paint: host.terminal.paint,
    width: host.terminal.size().columns,
    utcOffsetMinutes: -new Date(host.clock.wall()).getTimezoneOffset(),
  };
}

/** Waits `ms`, or less when `signal` says so. */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(ms, done);
    signal?.addEventListener('abort', done);
  });
}

export interface WaitOptions {
  readonly clock: Clock;
  readonly withinMs: number;
  readonly everyMs: number;
  readonly signal?: AbortSignal;
}

/** Asks `look` again and again until it gives something; undefined when time is up or `signal` says to stop. */
export async function waitFor<T>(
  options: WaitOptions,
  look: () => Promise<T | undefined> | T | undefined,
): Promise<T | undefined> {
  const deadline = options.clock.mono() + options.withinMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (options.signal?.aborted || options.clock.mono() >= deadline) return undefined;
    await pause(options.clock, options.everyMs, options.signal);
  }
}
