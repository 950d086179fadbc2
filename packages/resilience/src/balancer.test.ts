// Who is asked, and how often: shares of many picks under a fixed seed, and the rules of rotation, zone, ramp and bench.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import { createVirtualClock } from '@hale/base/testing';
import { type BalancerOptions, createBalancer, type Host, type Member } from './balancer.ts';

const member = (id: string, over: Partial<Member> = {}): Member => ({
  id,
  zone: 'a',
  weight: 100,
  state: 'in',
  ...over,
});

function rig(members: readonly Member[], over: Partial<BalancerOptions> = {}) {
  const clock = createVirtualClock();
  const balancer = createBalancer({ now: clock.mono, unit: createRng(7).unit, slowStart: { rampMs: 0 }, ...over });
  balancer.update(members);
  return { clock, balancer };
}

/** Sends `count` requests one after another, each taking what `behave` says; gives each host's share. */
function shares(
  { clock, balancer }: ReturnType<typeof rig>,
  count: number,
  behave: (host: Host) => { ms: number; ok: boolean } = () => ({ ms: 5, ok: true }),
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const host = balancer.pick();
    assert.ok(host);
    counts[host.member.id] = (counts[host.member.id] ?? 0) + 1 / count;
    const { ms, ok } = behave(host);
    balancer.begin(host);
    clock.advance(1);
    balancer.end(host, ok ? 'ok' : 'failed', ms);
  }
  return counts;
}

function fail({ balancer }: ReturnType<typeof rig>, host: Host, times: number): void {
  for (let i = 0; i < times; i++) {
    balancer.begin(host);
    balancer.end(host, 'failed', 1);
  }
}

function succeed({ balancer }: ReturnType<typeof rig>, host: Host): void {
  for (let i = 0; i < 10; i++) {
    balancer.begin(host);
    balancer.end(host, 'ok', 0);
  }
}

test('equals share equally', () => {
  const counts = shares(rig([member('1'), member('2'), member('3')]), 9000);
  for (const share of Object.values(counts)) assert.ok(Math.abs(share - 1 / 3) < 0.05, String(share));
});

test('weights are followed among equals', () => {
  const counts = shares(rig([member('1', { weight: 300 }), member('2', { weight: 100 })]), 8000, () => ({
    ms: 0,
    ok: true,
  }));
  assert.ok(counts['1']! > 0.7 && counts['1']! < 0.98, JSON.stringify(counts));
});

test('a slow host falls to a trickle', () => {
  const counts = shares(rig([member('1'), member('2'), member('3')]), 9000, (host) => ({
    ms: host.member.id === '1' ? 50 : 5,
    ok: true,
  }));
  assert.ok((counts['1'] ?? 0) < 0.02, JSON.stringify(counts));
});

test('a host that fails in 1 ms does not attract traffic', () => {
  // The bench is off: the corrected average alone must do it.
  const counts = shares(
    rig([member('1'), member('2'), member('3')], { ejection: { consecutiveErrors: Number.POSITIVE_INFINITY } }),
    9000,
    (host) => (host.member.id === '1' ? { ms: 1, ok: false } : { ms: 20, ok: true }),
  );
  assert.ok((counts['1'] ?? 0) < 1 / 3, JSON.stringify(counts));
});

test('a frozen host is left alone long before anybody times out', () => {
  const { clock, balancer } = rig([member('1'), member('2'), member('3')]);
  const frozen = balancer.hosts[0]!;
  shares({ clock, balancer }, 300);
  let sent = 0;
  for (let i = 0; i < 1000; i++) {
    const host = balancer.pick()!;
    balancer.begin(host);
    clock.advance(1);
    if (host === frozen) sent++;
    else balancer.end(host, 'ok', 5);
  }
  assert.ok(sent <= 10, String(sent));
});

test('also while a newcomer ramps up', () => {
  const { clock, balancer } = rig([member('1'), member('2')], { slowStart: { rampMs: 10_000, floor: 0.1 } });
  clock.advance(20_000);
  shares({ clock, balancer }, 300);
  balancer.update([member('1'), member('2'), member('3')]);
  const frozen = balancer.hosts[0]!;
  for (let i = 0; i < 1000; i++) {
    const host = balancer.pick()!;
    balancer.begin(host);
    clock.advance(1);
    if (host !== frozen) balancer.end(host, 'ok', 5);
  }
  assert.ok(frozen.pending <= 10, String(frozen.pending));
});

test('an answer that goes on for long (a stream) does not count as silence', () => {
  const { clock, balancer } = rig([member('1'), member('2')]);
  const [streaming, busy] = balancer.hosts;
  shares({ clock, balancer }, 300);
  balancer.begin(streaming!);
  balancer.answered(streaming!);
  clock.advance(5000);
  for (let i = 0; i < 8; i++) balancer.begin(busy!);
  assert.equal(balancer.pick(), streaming);
});

test('a newcomer starts with about a tenth and ends with an equal share', () => {
  const it = rig([member('1'), member('2')], { slowStart: { rampMs: 10_000, floor: 0.1 } });
  it.clock.advance(20_000);
  it.balancer.update([member('1'), member('2'), member('3')]);
  const early = shares(it, 500);
  assert.ok((early['3'] ?? 0) < 0.15, JSON.stringify(early));
  it.clock.advance(10_000);
  const late = shares(it, 3000);
  assert.ok((late['3'] ?? 0) > 0.25, JSON.stringify(late));
});

test('rotation: suspect only when nobody is in, draining and out never', () => {
  const states = { in: member('i'), suspect: member('s', { state: 'suspect' }) };
  const rest = [member('d', { state: 'draining' }), member('o', { state: 'out' })];
  assert.deepEqual(Object.keys(shares(rig([states.in, states.suspect, ...rest]), 100)), ['i']);
  assert.deepEqual(Object.keys(shares(rig([states.suspect, ...rest]), 100)), ['s']);
  assert.equal(rig(rest).balancer.pick(), undefined);
});

test('the near zone is preferred until half of it is gone', () => {
  const near = [member('1'), member('2')];
  const far = [member('3', { zone: 'b' }), member('4', { zone: 'b' })];
  assert.deepEqual(Object.keys(shares(rig([...near, ...far], { zone: 'a' }), 500)).sort(), ['1', '2']);
  const it = rig([...near, ...far], { zone: 'a' });
  for (const host of it.balancer.hosts.slice(0, 2)) fail(it, host, 5);
  assert.ok(Object.keys(shares(it, 500)).includes('3'), 'both of the near ones fail: the far ones are asked');
});

test('exactly five failures in a row send a host off, exactly five the next time, and it comes back', () => {
  const events: string[] = [];
  const it = rig([member('1'), member('2')], {
    ejection: { baseMs: 10_000, jitter: 0, probationErrors: 5 },
    onEvent: (event) =>
      events.push(event.kind === 'ejected' ? `${event.host.member.id} for ${event.forMs}` : event.kind),
  });
  const [first, second] = it.balancer.hosts;
  const look = () => {
    it.clock.advance(20);
    it.balancer.pick();
    return events.splice(0);
  };
  for (const sentenceMs of [10_000, 20_000, 40_000]) {
    fail(it, first!, 4);
    succeed(it, second!);
    assert.deepEqual(look(), [], 'four are not five');
    fail(it, first!, 1);
    succeed(it, second!);
    assert.deepEqual(look(), [`1 for ${sentenceMs}`]);
    assert.deepEqual(Object.keys(shares(it, 100)), ['2']);
    it.clock.advance(sentenceMs);
    assert.deepEqual(look(), ['returned']);
  }
});

test('whoever the table took out and put back is not held to its sentence', () => {
  const it = rig([member('1'), member('2')]);
  const [first, second] = it.balancer.hosts;
  fail(it, first!, 5);
  succeed(it, second!);
  assert.deepEqual(Object.keys(shares(it, 100)), ['2']);
  it.balancer.update([member('1', { state: 'out' }), member('2')]);
  it.balancer.update([member('1'), member('2')]);
  assert.deepEqual(Object.keys(shares(it, 100)).sort(), ['1', '2']);
});

test('a fault that both share sends nobody off, and is said', () => {
  const events: string[] = [];
  const it = rig([member('1'), member('2')], { onEvent: (event) => events.push(event.kind) });
  shares(it, 100, () => ({ ms: 1, ok: false }));
  assert.deepEqual([...new Set(events)], ['shared-fault', 'spared']);
  assert.deepEqual(it.balancer.snapshot().sharedFaults, ['errors']);
  it.clock.advance(10_000);
  shares(it, 6000);
  assert.deepEqual(it.balancer.snapshot().sharedFaults, []);
});

test('the one just tried is avoided while there is another', () => {
  const { balancer } = rig([member('1'), member('2')]);
  const first = balancer.pick()!;
  for (let i = 0; i < 50; i++) assert.notEqual(balancer.pick(first), first);
  const alone = rig([member('1')]).balancer;
  assert.equal(alone.pick(alone.pick())?.member.id, '1');
});

test('a host keeps its memory over updates, and is handed back when it is gone', () => {
  const { balancer } = rig([member('1'), member('2')]);
  const host = balancer.hosts[0]!;
  balancer.update([member('1', { state: 'suspect' })]);
  assert.equal(balancer.hosts[0], host);
  assert.deepEqual(
    balancer.update([]).map((gone) => gone.member.id),
    ['1'],
  );
});
