// The balcony: everybody who watches live. Each watcher gets the picture when it changes, each line of the story, and traffic
// once a second; and a sign of life every 10 s. A watcher that does not drink as fast as we pour is shown out rather than
// waited for: it comes back and catches up (INV-09).
import type { ServerResponse } from 'node:http';
import type { Clock, Timer } from '@hale/base';
import type { FeedLine, TrafficView } from '@hale/model';
import type { FeedReader } from '../journal/feed-reader.ts';

export interface Streams {
  /** `view` comes first, then what was told after `afterSeq` (default: only what is new). Ask `isFull` before. */
  add(
    response: ServerResponse,
    from: { readonly view: string | undefined; readonly afterSeq: number | undefined },
  ): void;
  readonly isFull: boolean;
  view(view: string, toldSeq: number): void;
  readonly size: number;
  close(): void;
}

export interface StreamsOptions {
  readonly clock: Clock;
  readonly feed: () => FeedReader;
  readonly traffic: () => TrafficView;
}

const watchersMax = 32;
const bufferBytesMax = 1_000_000;
const heartbeatMs = 10_000;
const trafficMs = 1_000;
const linesAtOnceMax = 500;

interface Watcher {
  readonly response: ServerResponse;
  toldSeq: number;
}

export function createStreams({ clock, feed, traffic }: StreamsOptions): Streams {
  const watchers = new Set<Watcher>();
  /** How far the story has been told; undefined until somebody listens or something is told. */
  let newestSeq: number | undefined;
  let lastTraffic = '';
  let timers: Timer[] = [];

  const drop = (watcher: Watcher) => {
    watchers.delete(watcher);
    watcher.response.destroy();
    if (watchers.size > 0) return;
    for (const timer of timers) timer.cancel();
    timers = [];
  };
  const pour = (watcher: Watcher, text: string) => {
    watcher.response.write(text);
    if (watcher.response.writableLength > bufferBytesMax) drop(watcher);
  };
  const pourAll = (text: string) => {
    for (const watcher of [...watchers]) pour(watcher, text);
  };
  const newest = () => {
    newestSeq ??= feed().lines(undefined, 1).at(-1)?.seq ?? 0;
    return newestSeq;
  };
  const tell = (watcher: Watcher) => {
    if (watcher.toldSeq >= newest()) return;
    const lines = feed().lines(watcher.toldSeq, linesAtOnceMax);
    watcher.toldSeq = Math.max(lines.at(-1)?.seq ?? 0, lines.length < linesAtOnceMax ? newest() : 0);
    if (lines.length > 0) pour(watcher, lines.map(feedEvent).join(''));
  };
  const pourTraffic = () => {
    const text = eventText('traffic', JSON.stringify(traffic()));
    if (text === lastTraffic) return;
    lastTraffic = text;
    pourAll(text);
  };
  const wake = () => {
    timers = [clock.every(heartbeatMs, () => pourAll(': here\n\n')), clock.every(trafficMs, pourTraffic)];
  };

  return {
    add(response, { view, afterSeq }) {
      const watcher: Watcher = { response, toldSeq: afterSeq ?? newest() };
      watchers.add(watcher);
      if (watchers.size === 1) wake();
      response.on('close', () => drop(watcher));
      response.on('error', () => drop(watcher));
      if (view !== undefined) pour(watcher, eventText('view', view));
      pour(watcher, eventText('traffic', JSON.stringify(traffic())));
      tell(watcher);
    },
    get isFull() {
      return watchers.size >= watchersMax;
    },
    view(view, toldSeq) {
      newestSeq = Math.max(newestSeq ?? 0, toldSeq);
      pourAll(eventText('view', view));
      for (const watcher of [...watchers]) tell(watcher);
    },
    get size() {
      return watchers.size;
    },
    close() {
      for (const watcher of [...watchers]) drop(watcher);
    },
  };
}

const eventText = (name: string, data: string) => `event: ${name}\ndata: ${data}\n\n`;
const feedEvent = (line: FeedLine) => `id: ${line.seq}\nevent: feed\ndata: ${JSON.stringify(line)}\n\n`;
