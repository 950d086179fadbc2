// Everything the page knows, and how each thing that arrives changes it. A pure fold: the wire hands in what came, with
// the viewer's own time of arrival; the page draws what comes out. What did not change keeps its identity, so that a
// hundred calm replicas cost nothing when one of them falls ill. Bounded (INV-09): 500 feed lines, 120 traffic samples.
import type { FeedLine, SystemView, TrafficView } from '@hale/model';
import { keepEqual } from './keep-equal.ts';

export const feedLinesMax = 500;
export const samplesMax = 120;
/** A rate is taken over at least this long, so that one uneven sample does not shake the number. */
const rateWindowMs = 3_000;
/** Samples closer than this say more about the line than about the traffic. */
const sampleApartMs = 250;
const quietMs = 2_500;

/** 'locked': the API asks for a token. 'lost': the stream ended and the page is trying again. */
export type Link = 'connecting' | 'live' | 'lost' | 'locked';

/** The gateway's counters at one moment, and the requests/s since the moments before. */
export interface TrafficSample {
  readonly at: number;
  readonly requests: number;
  readonly failed: number;
  readonly perSecond: number;
}

export interface Story {
  readonly link: Link;
  /** Viewer's Unix ms of the last thing that arrived. */
  readonly heardAt: number | undefined;
  readonly view: SystemView | undefined;
  readonly traffic: TrafficView | undefined;
  readonly samples: readonly TrafficSample[];
  /** Newest first. */
  readonly feed: readonly FeedLine[];
}

export type Arrival =
  | { readonly kind: 'view'; readonly view: SystemView; readonly at: number }
  | { readonly kind: 'traffic'; readonly traffic: TrafficView; readonly at: number }
  | { readonly kind: 'feed'; readonly lines: readonly FeedLine[]; readonly at: number }
  | { readonly kind: 'link'; readonly link: Link };

export const blankStory: Story = {
  link: 'connecting',
  heardAt: undefined,
  view: undefined,
  traffic: undefined,
  samples: [],
  feed: [],
};

/** The story after `arrival`. */
export function tell(story: Story, arrival: Arrival): Story {
  switch (arrival.kind) {
    case 'link':
      return { ...story, link: arrival.link };
    case 'view':
      return seeView(story, arrival.view, arrival.at);
    case 'feed':
      return { ...story, heardAt: arrival.at, feed: mergeFeed(story.feed, arrival.lines) };
    case 'traffic':
      return {
        ...story,
        heardAt: arrival.at,
        traffic: keepEqual(story.traffic, arrival.traffic),
        samples: addSample(story.samples, arrival.traffic, arrival.at),
      };
  }
}

/** Place in the journal of the newest line we have; 0 for none. What a catch-up asks after. */
export function newestSeq(story: Story): number {
  return story.feed[0]?.seq ?? 0;
}

/** The page hears the control room, and that one sees what is: the picture may be believed. */
export function isFresh({ link, view }: Story): boolean {
  return link === 'live' && view?.trouble === undefined;
}

/** Requests per second now; undefined until two samples say so. */
export function requestRate(story: Story): number | undefined {
  return story.samples.length < 2 ? undefined : story.samples.at(-1)?.perSecond;
}

/**
 * Whether `view` was drawn before `known`: by an older leader, or earlier by the same one. Views come by two ways, the stream
 * and the answer to a question, so an older one may arrive last.
 */
export function isOlderView(view: SystemView, known: SystemView): boolean {
  if (view.id !== known.id) return false;
  if (view.epoch !== known.epoch) return view.epoch < known.epoch;
  return view.at.bootId === known.at.bootId && view.at.mono < known.at.mono;
}

/** Another system's view begins another story; an older one than we have is not believed. */
function seeView(story: Story, next: SystemView, at: number): Story {
  const old = story.view;
  if (old !== undefined && old.id !== next.id) return { ...blankStory, link: story.link, heardAt: at, view: next };
  if (old !== undefined && isOlderView(next, old)) return { ...story, heardAt: at };
  return { ...story, heardAt: at, view: keepEqual(old, next), samples: carryOn(story, at) };
}

/** Counters that stand still are not sent again: a view that comes without them says that nothing flowed since. */
function carryOn({ samples, traffic }: Story, at: number): readonly TrafficSample[] {
  const last = samples.at(-1);
  if (last === undefined || traffic === undefined || at - last.at < quietMs) return samples;
  return addSample(samples, traffic, at);
}

/** Newest first, each seq once. In the usual case the new lines simply go on top. */
function mergeFeed(old: readonly FeedLine[], lines: readonly FeedLine[]): readonly FeedLine[] {
  const known = new Set(old.map((line) => line.seq));
  const fresh = lines.filter((line) => !known.has(line.seq) && known.add(line.seq));
  if (fresh.length === 0) return old;
  return [...fresh, ...old].sort((a, b) => b.seq - a.seq).slice(0, feedLinesMax);
}

function addSample(old: readonly TrafficSample[], traffic: TrafficView, at: number): readonly TrafficSample[] {
  const last = old.at(-1);
  const counted = { at, requests: traffic.requests, failed: traffic.failed };
  if (last === undefined || traffic.requests < last.requests) return [{ ...counted, perSecond: 0 }];
  if (at - last.at < sampleApartMs) return old;
  const since = old.findLast((sample) => at - sample.at >= rateWindowMs) ?? old[0]!;
  const perSecond = ((traffic.requests - since.requests) * 1000) / (at - since.at);
  return [...old.slice(-(samplesMax - 1)), { ...counted, perSecond }];
}
