// A window that stays open on the running system: the newest view, the newest feed lines and traffic, kept up to date
// by the stream. When control dies the window keeps its last picture, says that it is stale, and connects again by
// itself; when the runtime folder is gone, the system is down and watching ends.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isHaleError } from '@hale/base';
import type { FeedLine, SystemView, TrafficView } from '@hale/model';
import { type Host, pause } from '../host.ts';
import type { RunningSystem } from '../system/running.ts';

export interface LiveSystem {
  readonly view: SystemView | undefined;
  /** Newest last; at most `feedLinesMax`. */
  readonly feed: readonly FeedLine[];
  readonly traffic: TrafficView | undefined;
  /** False while control does not answer: the rest is the last that was known. */
  readonly connected: boolean;
}

export interface WatchOptions {
  readonly host: Host;
  readonly system: RunningSystem;
  readonly signal: AbortSignal;
  /** Lines of the story from before this (Unix ms) are another day's; undefined: as many as there are. */
  readonly storyFromMs?: number | undefined;
  /** Called after every change, with what is known now; `news` holds the feed lines that are new. */
  readonly onChange: (live: LiveSystem, news: readonly FeedLine[]) => void;
}

export const feedLinesMax = 200;
const reconnectMs = 250;

/** Watches until `signal`, or until the system is down: gives which of the two it was. */
export async function watchSystem(options: WatchOptions): Promise<'stopped-watching' | 'system-down'> {
  const { host, system, signal } = options;
  const live = {
    view: undefined as SystemView | undefined,
    feed: [] as FeedLine[],
    traffic: undefined as TrafficView | undefined,
    connected: false,
  };
  const tell = (news: readonly FeedLine[]) => options.onChange(live, news);
  while (!signal.aborted) {
    if (!existsSync(join(system.runtimeDir, 'keeper.json'))) return 'system-down';
    try {
      await readOnce(options, live, tell);
    } catch (error) {
      if (!isHaleError(error) && !signal.aborted && !isBrokenStream(error)) throw error;
    }
    if (signal.aborted) break;
    if (live.connected) {
      live.connected = false;
      tell([]);
    }
    await pause(host.clock, reconnectMs, signal);
  }
  return 'stopped-watching';
}

async function readOnce(
  { system, signal, storyFromMs = 0 }: WatchOptions,
  live: { view: SystemView | undefined; feed: FeedLine[]; traffic: TrafficView | undefined; connected: boolean },
  tell: (news: readonly FeedLine[]) => void,
): Promise<void> {
  const lastSeq = () => live.feed.at(-1)?.seq;
  const add = (lines: readonly FeedLine[]) => {
    const news = lines.filter((line) => line.seq > (lastSeq() ?? 0) && line.at.wall >= storyFromMs);
    live.feed = [...live.feed, ...news].slice(-feedLinesMax);
    return news;
  };
  live.view = await system.api.system();
  const missed = add(await system.api.feed(lastSeq(), feedLinesMax));
  live.connected = true;
  tell(missed);
  for await (const item of system.api.stream(lastSeq(), signal)) {
    if (item.kind === 'view') live.view = item.view;
    if (item.kind === 'traffic') live.traffic = item.traffic;
    tell(item.kind === 'feed' ? add([item.line]) : []);
  }
}

/** What fetch and streams throw when the other side goes away. */
function isBrokenStream(error: unknown): boolean {
  return (
    error instanceof TypeError ||
    error instanceof RangeError ||
    (error as Error).name === 'AbortError' ||
    (error as Error).name === 'SyntaxError'
  );
}
