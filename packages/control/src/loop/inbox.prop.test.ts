// Letters may melt, words may not be lost: whatever is put in and taken out in whatever order, the last word on each replica and
// every other letter comes out, each in its turn. The dumb twin is a list of all that was ever put in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tries } from '@hale/base/testing';
import { type HaleEvent, replicaId } from '@hale/model';
import { buildObservation, buildReplicaObservation } from '@hale/model/testing';
import fc from 'fast-check';
import { createInbox, type Letter } from './inbox.ts';

const step = fc.oneof(
  fc.record({ kind: fc.constant('seen' as const), ordinal: fc.nat(3), full: fc.constant(false) }),
  fc.record({ kind: fc.constant('seen' as const), ordinal: fc.constant(0), full: fc.constant(true) }),
  fc.record({ kind: fc.constant('lagged' as const) }),
  fc.record({ kind: fc.constant('take' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const at = { wall: 0, mono: 0, bootId: 'b' };

/** Every word is told apart by its pid, which only grows. */
function letterOf(one: Exclude<Step, { kind: 'take' }>, n: number): Letter {
  if (one.kind === 'lagged') return { event: { at, kind: 'ObserverLagged', lagMs: n }, settled: undefined };
  const ordinals = one.full ? [0, 1, 2, 3] : [one.ordinal];
  const replicas = ordinals.map((ordinal) => buildReplicaObservation({ ordinal, pid: n }));
  const observation = buildObservation(replicas, { full: one.full });
  return { event: { at, kind: 'Observed', observation }, settled: undefined };
}

function listen(events: readonly HaleEvent[]) {
  const words = new Map<string, number | undefined>();
  const lags: number[] = [];
  for (const event of events) {
    if (event.kind === 'ObserverLagged') lags.push(event.lagMs);
    if (event.kind !== 'Observed') continue;
    for (const { replica, pid } of event.observation.replicas) words.set(replica, pid);
  }
  return { words: [0, 1, 2, 3].map((ordinal) => words.get(replicaId('orders', ordinal))), lags };
}

test('the last word on each replica comes out of the box, and every other letter in its order', () => {
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const inbox = createInbox();
    const put: HaleEvent[] = [];
    const taken: HaleEvent[] = [];
    const take = () => {
      const letter = inbox.take();
      if (letter !== undefined) taken.push(letter.event);
    };
    for (const [n, one] of steps.entries()) {
      if (one.kind === 'take') {
        take();
        continue;
      }
      const letter = letterOf(one, n);
      put.push(letter.event);
      inbox.put(letter);
    }
    while (inbox.size > 0) take();
    assert.deepEqual(listen(taken), listen(put));
  });
  fc.assert(property, { numRuns: tries(100, 2_000) });
});

test('observations alone never fill the box', () => {
  const inbox = createInbox();
  for (let n = 0; n < 10_000; n++) inbox.put(letterOf({ kind: 'seen', ordinal: n % 4, full: false }, n));
  assert.ok(inbox.size <= 5, `${inbox.size} letters`);
});

test('what a database said keeps the moment at which it was said, whatever it melts into', () => {
  const inbox = createInbox();
  const saidAt = [0, 300, 700, 900, 2_000, 5_000];
  const database = { role: 'primary', logEnd: 1, streaming: true, lagMs: undefined, term: 1, agoMs: 100 } as const;
  for (const [ordinal, mono] of saidAt.entries()) {
    const observation = buildObservation([buildReplicaObservation({ ordinal, database })], { full: false });
    inbox.put({ event: { at: { ...at, mono: mono + 100 }, kind: 'Observed', observation }, settled: undefined });
  }
  const heard: number[] = [];
  for (let letter = inbox.take(); letter !== undefined; letter = inbox.take()) {
    const { event } = letter;
    if (event.kind !== 'Observed') continue;
    for (const seen of event.observation.replicas) heard.push(event.at.mono - (seen.database?.agoMs ?? 0));
  }
  assert.deepEqual(heard, saidAt);
});
