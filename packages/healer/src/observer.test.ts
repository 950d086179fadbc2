// INV-05: when most of what is probed fails at once, the prober is examined first; in one service, one replica is tried at a time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bringUp, buildSeen, buildUnit, createBench, failing } from './testing.ts';

const tcp = buildUnit({ name: 'x' }).probes.startup;
const alive = { startup: { ...tcp, check: { kind: 'alive' } as const }, ready: undefined, live: undefined };

/** Five probed services of which three fail, beside two workers of whom only life is asked. */
function shop() {
  const sizes = { storefront: 2, orders: 3, pricing: 3, payments: 2, inventory: 3 };
  const services = Object.entries(sizes).map(([name, replicas]) => buildUnit({ name, replicas }));
  const bench = createBench([...services, buildUnit({ name: 'gateway', probes: alive, replicas: 4 })]);
  bringUp(bench);
  return bench;
}

function fail(bench: ReturnType<typeof shop>, names: readonly string[]): void {
  const slots = bench.state.units.filter((unit) => names.includes(unit.spec.name)).flatMap((unit) => unit.slots);
  for (const { lives, replica, ordinal } of slots)
    for (const { incarnation } of lives)
      bench.see([buildSeen(replica.slice(0, -2), ordinal, { incarnation, ready: failing })], 20);
}

test('INV-05: probes of three services fail at once: the observer is suspected before anybody else, and nobody is touched', () => {
  const bench = shop();
  for (let round = 0; round < 200; round++) fail(bench, ['storefront', 'orders', 'pricing']);
  assert.deepEqual(
    bench.state.incidents.map((one) => one.cause),
    ['observer-or-shared-dependency'],
  );
  assert.equal(bench.all('StopReplica').length, 0);
  const states = bench
    .all('PublishEndpoints')
    .at(-1)
    ?.table.endpoints.map((one) => one.state);
  assert.ok(
    states?.every((state) => state === 'in'),
    'the rotation stays as it was',
  );
});

test('a bad probe in one service: one replica at a time, and held when a new one is no better', () => {
  const bench = shop();
  for (let second = 0; second < 120; second++) {
    fail(bench, ['orders']);
    bench.feed({ kind: 'TimePassed' }, 950);
    const born = bench.all('StartReplica').filter((one) => one.replica.startsWith('orders/')).length;
    assert.ok(born <= 4, 'one try shows that a new life does not help');
  }
  assert.ok(bench.told('opened').some((text) => text.includes('orders/')));
});

test('a database node is not stopped on the word of probes that are caught lying, but for a while only', () => {
  const units = [
    buildUnit({ name: 'db', role: 'postgres', replicas: 1, surge: false, routed: false }),
    buildUnit({ name: 'orders', replicas: 1, uses: ['db'] }),
    buildUnit({ name: 'pricing', replicas: 4 }),
  ];
  for (const { errors, stoppedAfter } of [
    { errors: 20, stoppedAfter: 30 },
    { errors: 0, stoppedAfter: 90 },
  ]) {
    const bench = createBench(units);
    bringUp(bench);
    const ill = bench.state.units
      .slice(0, 2)
      .flatMap((unit) => unit.slots.flatMap((slot) => slot.lives[0]?.seen ?? []));
    const traffic = { requests: 20, errors, inFlight: 2, oldestWaitMs: 5 };
    const seen = ill.map((one) => ({ ...one, ready: failing, traffic: one.replica === 'db/0' ? undefined : traffic }));
    let seconds = -1;
    for (; seconds < 120 && bench.all('StopReplica').length === 0; seconds++) bench.see(seen, 1_000);
    assert.equal(seconds, stoppedAfter, `with ${errors} errors`);
    assert.equal(bench.all('StopReplica')[0]?.replica, 'db/0');
  }
});

test('a wish to replace that waits its turn goes with the belief in the probe that made it', () => {
  const bench = createBench([
    buildUnit({ name: 'payments', replicas: 1 }),
    buildUnit({ name: 'db', role: 'postgres', replicas: 1, surge: false, routed: false }),
    buildUnit({ name: 'orders', replicas: 2 }),
    buildUnit({ name: 'storefront', replicas: 2 }),
  ]);
  bringUp(bench);
  const failFor = (seconds: number, names: readonly string[]) => {
    for (let second = 0; second < seconds; second++) {
      fail(bench, names);
      bench.feed({ kind: 'TimePassed' }, 900);
    }
  };
  failFor(36, ['payments', 'db']);
  assert.ok(bench.told('refused').some((text) => text.includes('db/0') && text.includes('payments/0 in zone')));
  failFor(60, ['payments', 'db', 'orders', 'storefront']);
  assert.ok(bench.told('suspected').some((text) => text.includes('observer or shared dependency')));
  assert.ok(
    bench.told('escalated').some((text) => text.includes('payments/0')),
    'its turn has come',
  );
  assert.ok(bench.all('StopReplica').every(({ replica }) => replica !== 'db/0'));
});
