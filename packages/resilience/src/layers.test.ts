// The layers with their promises, on a clock that the test turns: hedge, fallback, cache, rate limit, throttle, faults, and their order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHaleError } from '@hale/base';
import { createVirtualClock, type VirtualClock } from '@hale/base/testing';
import { type CacheSettings, cacheLayer, createCache } from './cache.ts';
import { createClientThrottle } from './client-throttle.ts';
import { compose, type LayerKind, lintOrder } from './composition.ts';
import { createDegradedRegistry } from './degraded.ts';
import { fallbackLayer } from './fallback.ts';
import { createFaultInjection } from './fault-injection.ts';
import { createHedgeRule } from './hedge.ts';
import { hedgeLayer } from './hedge-layer.ts';
import { pauseMs } from './layer.ts';
import type { PolicyEvent } from './policy/events.ts';
import type { Call, CallContext } from './policy/types.ts';
import { createRateLimit } from './rate-limit.ts';
import { clientThrottleLayer, faultInjectionLayer, rateLimitLayer } from './rule-layers.ts';

function rig() {
  const clock = createVirtualClock();
  const told: PolicyEvent[] = [];
  const events = { heard: true, tell: (event: PolicyEvent) => void told.push(event) };
  return { clock, told, surroundings: { clock, events, unit: () => 0 } };
}

function context(over: Partial<CallContext> = {}): CallContext {
  const signal = new AbortController().signal;
  return {
    signal,
    attempt: 0,
    priority: 'normal',
    key: undefined,
    remainingMs: () => Number.POSITIVE_INFINITY,
    ...over,
  };
}

/** Lets all that is ready happen. */
const settle = async () => {
  for (let i = 0; i < 20; i++) await undefined;
};

async function advance(clock: VirtualClock, ms: number): Promise<void> {
  clock.advance(ms);
  await settle();
}

/** A call that takes `ms` by the clock and notes whether its signal was aborted. */
function slow(clock: VirtualClock, ms: readonly number[], aborted: number[] = []): Call<number> {
  let leg = 0;
  return async ({ signal }) => {
    const me = leg++;
    signal.addEventListener('abort', () => aborted.push(me));
    await pauseMs(ms[me] ?? 0, { clock, signal });
    return me;
  };
}

function knownRule() {
  const rule = createHedgeRule({ safe: true, extraLoad: 0.05 });
  for (let i = 0; i < 100; i++) {
    rule.record(10, 0);
    rule.begin(0);
  }
  return rule;
}

test('hedge: the second leg wins and the first is called off', async () => {
  const { clock, surroundings, told } = rig();
  const aborted: number[] = [];
  const answer = hedgeLayer(knownRule(), surroundings)(slow(clock, [1000, 5], aborted))(context());
  await settle();
  await advance(clock, 12);
  await advance(clock, 6);
  assert.equal(await answer, 1);
  assert.deepEqual(aborted, [0]);
  assert.deepEqual(
    told.map(({ kind }) => kind),
    ['hedge', 'hedgeWon'],
  );
});

test('hedge: a quick call has one leg; an abort ends both; both failed tells the first failure', async () => {
  const { clock, surroundings } = rig();
  const quick = hedgeLayer(knownRule(), surroundings)(slow(clock, [5]))(context());
  await settle();
  await advance(clock, 5);
  assert.equal(await quick, 0);

  const caller = new AbortController();
  const aborted: number[] = [];
  const left = hedgeLayer(knownRule(), surroundings)(slow(clock, [1000, 1000], aborted))(
    context({ signal: caller.signal }),
  );
  await settle();
  await advance(clock, 20);
  caller.abort(new Error('gone'));
  await assert.rejects(async () => left, /gone/);
  assert.deepEqual(aborted, [0, 1]);

  let legs = 0;
  const failing = hedgeLayer(
    knownRule(),
    surroundings,
  )(async ({ signal }) => {
    const me = legs++;
    await pauseMs(20, { clock, signal });
    throw new Error(`leg ${me}`);
  })(context());
  await settle();
  await advance(clock, 12);
  await advance(clock, 50);
  await assert.rejects(async () => failing, /leg 0/);
  assert.equal(legs, 2);
});

test('fallback: answers, hangs the sign out, takes it down; an abort is not consoled', async () => {
  const { clock, surroundings, told } = rig();
  const registry = createDegradedRegistry(30_000);
  let broken = true;
  const settings = {
    name: 'prices',
    answer: () => 'yesterday',
    when: (error: unknown) => !String(error).includes('mine'),
  };
  const call = fallbackLayer(settings, { ...surroundings, registry })(() => {
    if (broken) throw new Error('down');
    return 'today';
  });
  clock.advance(5);
  assert.equal(await call(context()), 'yesterday');
  clock.advance(5);
  await call(context());
  const part = { name: 'prices', cause: 'down', sinceMs: 5, lastMs: 10, answers: 2 };
  assert.deepEqual(registry.state(10), { kind: 'degraded', parts: [part] });
  assert.equal(told.filter(({ kind }) => kind === 'fallback').length, 2);
  broken = false;
  assert.equal(await call(context()), 'today');
  assert.deepEqual(registry.state(11), { kind: 'whole' });
  broken = true;
  await call(context());
  assert.deepEqual(registry.state(60_000), { kind: 'whole' }, 'nobody has asked for long');

  const gone = new AbortController();
  gone.abort();
  await assert.rejects(async () => call(context({ signal: gone.signal })), /down/);
  const other = fallbackLayer(settings, { ...surroundings, registry })(() => Promise.reject(new Error('mine')));
  await assert.rejects(async () => other(context()), /mine/);
  const both = fallbackLayer(
    { ...settings, answer: () => Promise.reject(new Error('empty too')) },
    { ...surroundings, registry },
  );
  await assert.rejects(async () => both(() => Promise.reject(new Error('down')))(context()), /down.*empty too/);
});

test('degraded registry: bounded, the longest silent goes', () => {
  const registry = createDegradedRegistry();
  for (let i = 0; i < 300; i++) registry.degraded(`part ${i}`, 'x'.repeat(1000), i);
  const state = registry.state(300);
  assert.ok(state.kind === 'degraded' && state.parts.length === 256 && state.parts[0]?.name === 'part 44');
  assert.ok(state.kind === 'degraded' && state.parts.every(({ cause }) => cause.length <= 200));
});

function cached(settings: CacheSettings) {
  const { clock, surroundings } = rig();
  const cache = createCache(settings, surroundings);
  const asked: string[] = [];
  let answer: () => unknown = () => asked.length;
  const ask = (key: string, signal = new AbortController().signal) =>
    cacheLayer(cache)(async (given) => {
      asked.push(key);
      await pauseMs(10, { clock, signal: given.signal });
      return answer();
    })(context({ key, signal }));
  const get = async (key: string) => {
    const given = Promise.resolve(ask(key));
    given.catch(() => {});
    await settle();
    await advance(clock, 10);
    return given;
  };
  return { clock, cache, asked, ask, get, set: (next: () => unknown) => (answer = next) };
}

test('cache: fresh, expired, bounded by use, errors never kept', async () => {
  const it = cached({ ttlMs: 100, entriesMax: 2 });
  assert.equal(await it.get('a'), 1);
  assert.equal(await it.get('a'), 1);
  assert.equal(await it.get('b'), 2);
  await it.get('a');
  assert.equal(await it.get('c'), 3);
  assert.equal(it.cache.size, 2);
  assert.equal(await it.get('a'), 1, 'b was the least recently used');
  it.clock.advance(100);
  assert.equal(await it.get('a'), 4);
  it.set(() => {
    throw new Error('down');
  });
  await assert.rejects(async () => it.get('z'), /down/);
  it.set(() => 'well');
  assert.equal(await it.get('z'), 'well');
});

test('cache: who ask the same at once send one, and the first one leaving takes nothing away', async () => {
  const it = cached({ ttlMs: 0 });
  const first = new AbortController();
  const calls = [it.ask('a', first.signal), it.ask('a'), it.ask('a')].map((one) => Promise.resolve(one));
  for (const call of calls) call.catch(() => {});
  await settle();
  first.abort(new Error('first left'));
  await assert.rejects(async () => calls[0], /first left/);
  await advance(it.clock, 10);
  assert.deepEqual(await Promise.all(calls.slice(1)), [1, 1]);
  assert.deepEqual(it.asked, ['a']);
  assert.equal(it.cache.counts.coalesced, 2);
});

test('cache: when the last one has left, the errand is called off', async () => {
  const it = cached({ ttlMs: 100 });
  const [one, two] = [new AbortController(), new AbortController()];
  const calls = [it.ask('a', one.signal), it.ask('a', two.signal)].map((each) => Promise.resolve(each));
  for (const call of calls) call.catch(() => {});
  await settle();
  one.abort(new Error('left'));
  two.abort(new Error('left'));
  await assert.rejects(async () => calls[1], /left/);
  await advance(it.clock, 10);
  assert.equal(it.cache.size, 0, 'it never answered');
  assert.equal(await it.get('a'), 2);
});

test('cache: stale while revalidating, stale if error (RFC 5861)', async () => {
  const it = cached({ ttlMs: 100, staleWhileRevalidateMs: 100, staleIfErrorMs: 1000 });
  await it.get('a');
  it.clock.advance(150);
  assert.equal(await it.get('a'), 1, 'the old answer, at once');
  assert.equal(await it.get('a'), 2, 'the new one was fetched meanwhile');
  it.set(() => {
    throw new Error('down');
  });
  it.clock.advance(500);
  assert.equal(await it.get('a'), 2, 'stale, because fetching failed');
  it.clock.advance(1000);
  await assert.rejects(async () => it.get('a'), /down/);
});

test('rate limit layer: waits its turn by the clock, an abort gives the turn back', async () => {
  const { clock, surroundings } = rig();
  const rule = createRateLimit({ settings: { perSecond: 10, waitMaxMs: 150 }, unit: () => 0 });
  const call = rateLimitLayer(rule, surroundings)(() => clock.mono());
  assert.equal(await call(context()), 0);
  const waits = Promise.resolve(call(context()));
  await settle();
  const caller = new AbortController();
  await assert.rejects(
    async () => call(context()),
    (error) => isHaleError(error) && error.code === 'HALE_RESILIENCE_RATE_LIMITED',
  );
  await advance(clock, 100);
  assert.equal(await waits, 100);
  const leaves = Promise.resolve(call(context({ signal: caller.signal })));
  leaves.catch(() => {});
  await settle();
  caller.abort(new Error('gone'));
  await assert.rejects(async () => leaves, /gone/);
  assert.equal(rule.waiting, 0);
});

test('throttle layer: refusals of the other side count, its failures do not', async () => {
  const { surroundings } = rig();
  const rule = createClientThrottle({ unit: () => 0.5 });
  const isRefusal = (error: unknown) => String(error).includes('503');
  const say = (text: string) =>
    clientThrottleLayer(rule, { ...surroundings, isRefusal })(() => Promise.reject(new Error(text)));
  for (let i = 0; i < 50; i++) await assert.rejects(async () => say('500 broken')(context()), /broken/);
  assert.equal(rule.refusal('normal', 0), 0);
  for (let i = 0; i < 200; i++) await assert.rejects(async () => say('503 busy')(context()));
  assert.ok(rule.refusal('normal', 0) > 0.4);
});

test('fault layer: error, latency, outcome, behaviour', async () => {
  const { clock, surroundings } = rig();
  const rule = createFaultInjection({ unit: () => 0 });
  const call = faultInjectionLayer(rule, surroundings)(() => 'real');
  assert.equal(await call(context()), 'real');
  rule.update({ rate: 1, error: () => new Error('injected') });
  await assert.rejects(async () => call(context()), /injected/);
  rule.update({ rate: 1, outcome: () => 'other' });
  assert.equal(await call(context()), 'other');
  const seen: string[] = [];
  rule.update({ rate: 1, latencyMs: 50, behaviour: () => void seen.push('done') });
  const late = Promise.resolve(call(context()));
  await settle();
  await advance(clock, 50);
  assert.equal(await late, 'real');
  assert.deepEqual(seen, ['done']);
});

const wrong: readonly (readonly LayerKind[])[] = [
  ['timeout', 'retry'],
  ['timeout', 'retry', 'breaker'],
  ['timeout', 'breaker'],
  ['breaker', 'retry', 'timeout'],
  ['retry', 'cache', 'breaker'],
  ['retry', 'breaker', 'cache'],
  ['breaker', 'fallback'],
  ['retry', 'fallback', 'breaker'],
  ['cache', 'fallback', 'retry'],
  ['timeout', 'fallback'],
  ['hedge', 'bulkhead'],
  ['retry', 'breaker', 'hedge', 'adaptive-limit', 'timeout'],
  ['hedge', 'retry', 'timeout'],
  ['hedge', 'cache'],
  ['bulkhead', 'breaker', 'timeout'],
  ['adaptive-limit', 'retry', 'breaker'],
  ['retry', 'rate-limit', 'breaker'],
  ['retry', 'throttle'],
  ['retry', 'breaker', 'timeout', 'bulkhead'],
  ['fallback', 'retry', 'breaker', 'fault-injection', 'timeout'],
  ['fault-injection', 'retry', 'breaker'],
  ['retry', 'deadline', 'breaker', 'timeout'],
  ['retry', 'breaker', 'retry'],
  ['hedge', 'breaker'],
];

const whole: readonly LayerKind[] = [
  'fallback',
  'cache',
  'rate-limit',
  'throttle',
  'deadline',
  'retry',
  'breaker',
  'adaptive-limit',
  'hedge',
  'timeout',
  'fault-injection',
];

test(`lintOrder: ${wrong.length} wrong orders of ${wrong.length} are flagged`, () => {
  for (const order of wrong) {
    const problems = lintOrder(order);
    assert.ok(problems.length > 0, order.join(' > '));
    for (const { message, hint } of problems) assert.ok(message.length > 20 && hint.length > 5);
    const stack = order.map((kind) => ({ kind, layer: <T>(call: Call<T>) => call }));
    assert.throws(() => compose(stack), /HALE_RESILIENCE_ORDER|outside of|twice/);
    compose(stack, { wrongOrder: 'allow' });
  }
});

test('lintOrder: the right order, and each part of it, is not', () => {
  for (let bits = 0; bits < 2 ** whole.length; bits++) {
    const part = whole.filter((_, index) => (bits >> index) & 1);
    assert.deepEqual(lintOrder(part), [], part.join(' > '));
  }
  assert.deepEqual(lintOrder(['deadline', 'retry', 'breaker', 'bulkhead', 'timeout', 'other']), []);
});

test('compose: outermost first', async () => {
  const seen: string[] = [];
  const named = (name: string) => ({
    kind: 'other' as const,
    layer:
      <T>(call: Call<T>): Call<T> =>
      (given) => {
        seen.push(name);
        return call(given);
      },
  });
  assert.equal(await compose([named('out'), named('in')])(() => 7)(context()), 7);
  assert.deepEqual(seen, ['out', 'in']);
});
