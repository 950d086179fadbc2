// The line to the control room. It listens to the event stream; whenever the stream (re)opens it fetches all it may have
// missed, and when nothing was heard for a while it asks, because a silent stream and a dead one look alike. Arrivals are
// handed over at most once a frame, so that a burst of a thousand feed lines is one drawing.
import type { FeedLine, SystemView, TrafficView } from '@hale/model';
import { type Arrival, feedLinesMax, isOlderView } from '../story/story.ts';
import { type Answer, getFeed, getSystem, getTraffic } from './api.ts';

const retryMs = { min: 300, max: 2_000 };
const silenceMs = 10_000;
const pendingMax = 5_000;

export interface StreamHost {
  /** Everything that arrived since the last call, in order. */
  hand(arrivals: readonly Arrival[]): void;
  /** Place in the journal of the newest feed line on the page; 0 for none. */
  newestSeq(): number;
}

/** Opens the line and keeps it open. The result closes it. */
export function openStream(host: StreamHost): () => void {
  let source: EventSource | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let delayMs = retryMs.min;
  let heardAt = performance.now();
  let closed = false;
  const hand = createBatch(host);

  const hear = (arrival: Arrival) => {
    heardAt = performance.now();
    hand(arrival);
  };
  const again = (link: 'lost' | 'locked') => {
    source?.close();
    source = undefined;
    hand({ kind: 'link', link });
    clearTimeout(retry);
    if (closed) return;
    retry = setTimeout(connect, delayMs);
    delayMs = Math.min(retryMs.max, delayMs * 2);
  };
  const connect = async () => {
    const caughtUp = await catchUp(host.newestSeq());
    if (closed) return;
    if (!caughtUp.ok) return again(caughtUp.locked ? 'locked' : 'lost');
    caughtUp.arrivals.forEach(hear);
    listen();
  };
  const listen = () => {
    source = new EventSource('/api/v1/stream', { withCredentials: true });
    const on = <T>(name: string, toArrival: (value: T) => Arrival) =>
      source?.addEventListener(name, (event) => hear(toArrival(JSON.parse((event as MessageEvent<string>).data) as T)));
    on<SystemView>('view', (view) => ({ kind: 'view', view, at: Date.now() }));
    on<TrafficView>('traffic', (traffic) => ({ kind: 'traffic', traffic, at: Date.now() }));
    on<FeedLine | FeedLine[]>('feed', (lines) => ({ kind: 'feed', lines: [lines].flat(), at: Date.now() }));
    source.onopen = () => {
      delayMs = retryMs.min;
      heardAt = performance.now();
      hand({ kind: 'link', link: 'live' });
      void fillGap();
    };
    source.onerror = () => again('lost');
  };
  // Between the catch-up and the opening of the stream something may have happened: look once more.
  const fillGap = async () => {
    const caughtUp = await catchUp(host.newestSeq());
    if (caughtUp.ok && !closed) caughtUp.arrivals.forEach(hear);
  };
  const watch = setInterval(() => {
    if (source === undefined || performance.now() - heardAt < silenceMs) return;
    heardAt = performance.now();
    void catchUp(host.newestSeq()).then((result) => {
      if (closed) return;
      if (result.ok) result.arrivals.forEach(hear);
      else again(result.locked ? 'locked' : 'lost');
    });
  }, 1_000);

  void connect();
  return () => {
    closed = true;
    clearInterval(watch);
    clearTimeout(retry);
    source?.close();
  };
}

type CaughtUp = { ok: true; arrivals: Arrival[] } | { ok: false; locked: boolean };

async function catchUp(after: number): Promise<CaughtUp> {
  const [system, traffic, feed] = await Promise.all([getSystem(), getTraffic(), missedFeed(after)]);
  if (!system.ok) return { ok: false, locked: system.trouble.status === 401 || system.trouble.status === 403 };
  const at = Date.now();
  const arrivals: Arrival[] = [{ kind: 'view', view: system.value, at }];
  if (traffic.ok) arrivals.push({ kind: 'traffic', traffic: traffic.value, at });
  if (feed.ok) arrivals.push({ kind: 'feed', lines: feed.value, at });
  return { ok: true, arrivals };
}

/** What came after `after`; where that is more than the page keeps, only the newest. */
async function missedFeed(after: number): Promise<Answer<readonly FeedLine[]>> {
  const missed = await getFeed(feedLinesMax, after === 0 ? undefined : after);
  return missed.ok && after > 0 && missed.value.length >= feedLinesMax ? getFeed(feedLinesMax, undefined) : missed;
}

/** Hands over once a frame; in a hidden tab (no frames) once a second. Of the views only the newest waits. */
function createBatch(host: StreamHost): (arrival: Arrival) => void {
  let pending: Arrival[] = [];
  let planned = false;
  const flush = () => {
    planned = false;
    const batch = pending;
    pending = [];
    host.hand(batch);
  };
  return (arrival) => {
    if (arrival.kind === 'view') {
      if (pending.some((waiting) => waiting.kind === 'view' && isOlderView(arrival.view, waiting.view))) return;
      pending = pending.filter((waiting) => waiting.kind !== 'view');
    }
    pending.push(arrival);
    if (pending.length > pendingMax) pending = pending.slice(-pendingMax);
    if (planned) return;
    planned = true;
    if (document.hidden) setTimeout(flush, 1_000);
    else requestAnimationFrame(flush);
  };
}
