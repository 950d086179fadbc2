// The fold: newest first, nothing twice, bounded, rates from counters, and an old leader is not believed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FeedLine, SystemView, TrafficView } from '@hale/model';
import { blankStory, feedLinesMax, newestSeq, requestRate, type Story, samplesMax, tell } from './story.ts';

const stamp = { wall: 0, mono: 0, bootId: 'b' };
const line = (seq: number): FeedLine => ({
  seq,
  at: stamp,
  kind: 'info',
  unit: undefined,
  replica: undefined,
  incident: undefined,
  text: `line ${seq}`,
});
const view = (change: Partial<SystemView> = {}): SystemView => ({
  system: 'shop',
  id: 'x',
  release: 1,
  epoch: 1,
  at: stamp,
  state: 'healthy',
  zones: [],
  zonesSimulated: true,
  units: [],
  replicas: [],
  incidents: [],
  budget: { used: 0, max: 4, windowMs: 60_000 },
  ...change,
});
const traffic = (requests: number, failed = 0): TrafficView => ({
  requests,
  failed,
  severed: 0,
  retried: 0,
  held: 0,
  inFlight: 0,
  perUnit: {},
});
const feed = (story: Story, ...seqs: number[]) => tell(story, { kind: 'feed', lines: seqs.map(line), at: 1 });
const count = (story: Story, requests: number, at: number) =>
  tell(story, { kind: 'traffic', traffic: traffic(requests), at });

test('feed lines: newest first, each once, in whatever order they come', () => {
  const story = feed(feed(feed(blankStory, 1, 2), 5, 4), 3, 4, 5);
  assert.deepEqual(
    story.feed.map((one) => one.seq),
    [5, 4, 3, 2, 1],
  );
  assert.equal(newestSeq(story), 5);
});

test('a feed that brings nothing new stays the same object', () => {
  const story = feed(blankStory, 1, 2);
  assert.equal(feed(story, 2, 1).feed, story.feed);
});

test('feed and samples are bounded (INV-09)', () => {
  let story = blankStory;
  for (let i = 0; i < 1_000; i++) story = count(feed(story, i), i * 10, i * 1_000);
  assert.equal(story.feed.length, feedLinesMax);
  assert.equal(story.feed[0]?.seq, 999);
  assert.equal(story.samples.length, samplesMax);
});

test('the rate needs two samples and is taken over some seconds', () => {
  let story = count(blankStory, 1_000, 0);
  assert.equal(requestRate(story), undefined);
  for (let second = 1; second <= 6; second++) story = count(story, 1_000 + second * 500, second * 1_000);
  assert.equal(requestRate(story), 500);
});

test('samples of the same moment do not make a rate of their own', () => {
  const story = count(count(count(blankStory, 0, 0), 500, 1_000), 501, 1_001);
  assert.equal(requestRate(story), 500);
});

test('counters that start again start the samples again, never a negative rate', () => {
  const story = count(count(count(blankStory, 900, 0), 1_000, 1_000), 10, 2_000);
  assert.equal(story.samples.length, 1);
  assert.equal(requestRate(story), undefined);
});

test('a view of a deposed leader is not believed; another system is', () => {
  const now = tell(blankStory, { kind: 'view', view: view({ epoch: 3 }), at: 1 });
  assert.equal(tell(now, { kind: 'view', view: view({ epoch: 2, state: 'degraded' }), at: 2 }).view?.state, 'healthy');
  assert.equal(tell(now, { kind: 'view', view: view({ epoch: 1, id: 'y' }), at: 2 }).view?.id, 'y');
});

test('an older view that arrives last, as the answer to an earlier question, is not believed', () => {
  const at = (mono: number, bootId = 'b') => ({ wall: 0, mono, bootId });
  const now = tell(blankStory, { kind: 'view', view: view({ at: at(5), state: 'degraded' }), at: 1 });
  const then = (given: Partial<SystemView>) => tell(now, { kind: 'view', view: view(given), at: 2 });
  assert.equal(then({ at: at(4) }).view?.state, 'degraded');
  assert.equal(then({ at: at(4) }).heardAt, 2);
  assert.equal(then({ at: at(6) }).view?.state, 'healthy');
  assert.equal(then({ at: at(4, 'another boot') }).view?.state, 'healthy');
  assert.equal(then({ at: at(4), epoch: 4 }).view?.state, 'healthy');
});

test('another system begins another story', () => {
  const now = tell(feed(blankStory, 7), { kind: 'view', view: view(), at: 1 });
  assert.equal(tell(now, { kind: 'view', view: view({ id: 'y' }), at: 2 }).feed.length, 0);
});

test('counters that are not sent again while views come mean that nothing flows', () => {
  let story = count(count(blankStory, 0, 0), 1_000, 1_000);
  for (let at = 4_000; at <= 8_000; at += 500) story = tell(story, { kind: 'view', view: view(), at });
  assert.equal(requestRate(story), 0);
});

test('the link is told apart from what was heard', () => {
  const story = tell(tell(blankStory, { kind: 'view', view: view(), at: 7 }), { kind: 'link', link: 'lost' });
  assert.equal(story.link, 'lost');
  assert.equal(story.heardAt, 7);
});
