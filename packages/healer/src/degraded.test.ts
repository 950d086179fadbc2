// A service that answers by a fallback: told after a moment as an incident of the whole service, shown as a state of its own, closed when every
// replica is whole again; nobody is touched.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DegradedNotice } from '@hale/model';
import { limits } from './limits.ts';
import { restoreState } from './state.ts';
import { bringUp, buildUnit, createBench } from './testing.ts';
import { viewOf } from './view.ts';

const identity = { system: 'ward', id: 'w', zones: ['a', 'b'] };
const missing: DegradedNotice = { name: 'pricing', cause: 'the breaker is open', since: 1_700_000_000_000 };

function ward() {
  const bench = createBench([buildUnit({ name: 'orders', uses: ['pricing'] }), buildUnit({ name: 'pricing' })]);
  bringUp(bench);
  const say = (ordinal: number, degraded: readonly DegradedNotice[] | undefined, afterMs = 0) => {
    const seen = bench.state.units[0]?.slots[ordinal]?.lives[0]?.seen;
    assert.ok(seen);
    return bench.see([{ ...seen, degraded } as typeof seen], afterMs);
  };
  const view = () => viewOf(bench.state, identity);
  return { bench, say, view };
}

test('told after a moment, with cause, witnesses and since when; nobody is touched', () => {
  const { bench, say, view } = ward();
  const before = bench.commands.length;
  say(0, [missing]);
  assert.deepEqual([view().state, view().units[0]?.state, view().incidents.length], ['degraded', 'degraded', 0]);
  assert.deepEqual(view().units[0]?.degraded, [missing]);
  assert.match(view().units[0]?.why ?? '', /2 of 2 serve, by fallback: pricing is missing \(the breaker is open\)/);
  bench.feed({ kind: 'TimePassed' }, limits.degradedTellMs);
  const [incident] = view().incidents;
  assert.equal(incident?.cause, 'degraded');
  assert.equal(incident?.title, 'orders answers by fallback: pricing missing');
  assert.deepEqual(incident?.evidence, [
    'service: pricing is missing (the breaker is open)',
    'model: pricing has 2 of 2 serving',
    '1 of 2 replicas say so',
  ]);
  say(1, [{ ...missing, name: 'tax' }]);
  assert.deepEqual(view().incidents[0]?.replicas, ['orders/0', 'orders/1']);
  assert.equal(view().incidents.length, 1);
  const acted = bench.commands.slice(before).filter((one) => one.kind !== 'Tell' && one.kind !== 'WakeUp');
  assert.deepEqual(acted, []);
});

test('one that comes and goes is one incident, closed when all have been whole for a while', () => {
  const { bench, say, view } = ward();
  say(0, [missing]);
  bench.feed({ kind: 'TimePassed' }, limits.degradedTellMs);
  say(0, undefined, 500);
  assert.equal(view().incidents[0]?.outcome, 'open');
  say(0, [missing], limits.degradedClearMs - 1);
  say(0, undefined, 500);
  bench.feed({ kind: 'TimePassed' }, limits.degradedClearMs);
  assert.deepEqual(
    view().incidents.map((one) => one.outcome),
    ['inconclusive'],
  );
  assert.equal(view().state, 'healthy');
  assert.match(bench.told('info').at(-1) ?? '', /orders answers in full again after/);
});

test('a blink is no incident, and the word of the dead does not count', () => {
  const { bench, say, view } = ward();
  say(0, [missing]);
  say(0, undefined, limits.degradedTellMs - 1);
  bench.feed({ kind: 'TimePassed' }, 10_000);
  assert.equal(view().incidents.length, 0);
  say(1, [missing]);
  const seen = bench.state.units[0]?.slots[1]?.lives[0]?.seen;
  assert.ok(seen);
  bench.see([{ ...seen, process: { kind: 'exited', code: 1, signal: undefined } } as typeof seen], 100);
  assert.deepEqual(view().units[0]?.degraded, undefined);
});

test('it survives the journal', () => {
  const { bench, say, view } = ward();
  say(0, [missing]);
  bench.feed({ kind: 'TimePassed' }, limits.degradedTellMs);
  const restored = restoreState(JSON.stringify(bench.state));
  assert.ok(restored);
  bench.state = restored;
  say(0, undefined);
  bench.feed({ kind: 'TimePassed' }, limits.degradedClearMs);
  assert.equal(view().incidents[0]?.outcome, 'inconclusive');
});
