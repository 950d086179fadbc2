// The foreground of `up` and `dev`: shows the running system until it ends. On a terminal a calm picture redrawn in
// place, elsewhere one line a note. Whoever started the system stops it with Ctrl-C (twice: at once); whoever only
// joined leaves it running.
import type { FeedLine } from '@hale/model';
import { type LiveSystem, watchSystem } from '../client/live-system.ts';
import { exitCodes } from '../errors.ts';
import { type Host, styleOf } from '../host.ts';
import type { RunningSystem } from '../system/running.ts';
import { stopSystem } from '../system/stopping.ts';
import { renderFeedLine } from '../terminal/feed-picture.ts';
import { renderLive } from '../terminal/live-picture.ts';
import { createScreen } from '../terminal/screen.ts';
import { sayDown } from './down.ts';
import type { Call } from './entry.ts';

/** Ctrl-C as two steps: the first ends the watching, the second ends the patience. */
export interface Interrupts {
  readonly first: AbortSignal;
  readonly second: AbortSignal;
  release(): void;
}

export function listenForInterrupts(host: Host): Interrupts {
  const first = new AbortController();
  const second = new AbortController();
  const release = host.onInterrupt(() => (first.signal.aborted ? second : first).abort());
  return { first: first.signal, second: second.signal, release };
}

export interface Session {
  readonly call: Call;
  readonly system: RunningSystem;
  readonly interrupts: Interrupts;
  /** Whether Ctrl-C stops the system. */
  readonly owns: boolean;
  readonly addresses: readonly string[];
  /** False: lines even on a terminal. */
  readonly picture: boolean;
  /** Where the story begins (Unix ms); undefined: with what is still known. */
  readonly storyFromMs: number | undefined;
}

const stopPatienceMs = 60_000;

export async function runSession(session: Session): Promise<number> {
  const { call, system, interrupts, owns } = session;
  const { terminal } = call.host;
  const window = openWindow(session);
  const ended = await watchSystem({
    host: call.host,
    system,
    signal: interrupts.first,
    storyFromMs: session.storyFromMs,
    onChange: window.show,
  }).finally(window.close);
  if (ended === 'system-down') {
    if (!call.json) terminal.line('the system was taken down');
    return exitCodes.ok;
  }
  if (owns) await stopOwned(call, system, interrupts);
  else if (!call.json) terminal.line('left the view; the system goes on. Stop it: hale down');
  return exitCodes.interrupted;
}

/** Stops what this process started: gracefully, and at once from the second Ctrl-C on. */
export async function stopOwned(call: Call, system: RunningSystem, interrupts: Interrupts): Promise<void> {
  const { terminal } = call.host;
  if (!call.json) terminal.line('stopping (Ctrl-C again: at once)');
  const report = await stopSystem(call.host, system, {
    timeoutMs: stopPatienceMs,
    hurry: interrupts.second,
    say: (text) => (call.json ? undefined : terminal.line(terminal.paint.faint(text))),
  });
  sayDown(call, report);
}

interface Window {
  show(live: LiveSystem, news: readonly FeedLine[]): void;
  close(): void;
}

function openWindow(session: Session): Window {
  const { terminal } = session.call.host;
  return terminal.live && session.picture && !session.call.json ? openPicture(session) : openTicker(session);
}

function openPicture({ call: { host }, addresses, owns }: Session): Window {
  const screen = createScreen(host.terminal, host.clock);
  const footer = owns ? 'Ctrl-C stops the system' : 'Ctrl-C leaves this view; the system goes on';
  let last: LiveSystem | undefined;
  const draw = () => {
    if (last === undefined) return;
    screen.show(renderLive(last, { rows: host.terminal.size().rows, addresses, footer }, styleOf(host)));
  };
  const release = host.terminal.onResize(draw);
  return {
    show(live) {
      last = { ...live };
      draw();
    },
    close() {
      release();
      screen.close();
    },
  };
}

function openTicker({ call: { host, json }, addresses }: Session): Window {
  const { terminal } = host;
  if (!json) for (const line of addresses) terminal.line(line);
  let wasConnected = true;
  return {
    show(live, news) {
      for (const line of news) {
        if (json) terminal.json(line);
        else terminal.line(renderFeedLine(line, { ...styleOf(host), width: undefined }));
      }
      if (live.connected !== wasConnected && !json) {
        terminal.line(live.connected ? 'the control room is back' : 'the control room is away; services go on');
      }
      wasConnected = live.connected;
    },
    close() {},
  };
}
