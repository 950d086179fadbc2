// Whatever happens to the hosts, in whatever order: nobody gets a request whom the table forbids,
// and a host is always found when the table allows one, bench or no bench. The dumb twin is the table itself, looked through each time.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import { createVirtualClock, tries } from '@hale/base/testing';
import fc from 'fast-check';
import { createBalancer, type Host, type Member, type Rotation } from './balancer.ts';

const rotations: readonly Rotation[] = ['in', 'suspect', 'draining', 'out'];
const members = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('1', '2', '3', '4', '5', '6'),
    zone: fc.constantFrom('a', 'b'),
    weight: fc.constantFrom(0, 50, 100),
    state: fc.constantFrom(...rotations),
  }),
  { selector: (each) => each.id },
);
const step = fc.oneof(
  fc.record({ kind: fc.constant('update' as const), members }),
  fc.record({
    kind: fc.constant('call' as const),
    outcome: fc.constantFrom('ok', 'failed', 'cancelled'),
    ms: fc.nat(50),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(20_000) }),
);

/** Who the table allows: the 'in', else the 'suspect'. */
function allowedBy(table: readonly Member[]): readonly Member[] {
  const inRotation = table.filter((each) => each.state === 'in');
  return inRotation.length > 0 ? inRotation : table.filter((each) => each.state === 'suspect');
}

test('balancer: picks are allowed, found and counted', () => {
  const property = fc.property(fc.array(step, { maxLength: 80 }), fc.nat(), (steps, seed) => {
    const clock = createVirtualClock();
    const balancer = createBalancer({ now: clock.mono, unit: createRng(seed).unit, zone: 'a' });
    let table: readonly Member[] = [];
    const underWay: Host[] = [];
    for (const each of steps) {
      if (each.kind === 'wait') clock.advance(each.ms);
      else if (each.kind === 'update') {
        table = each.members;
        balancer.update(table);
      } else {
        const host = balancer.pick();
        const allowed = allowedBy(table).map((one) => one.id);
        assert.equal(host === undefined, allowed.length === 0);
        if (host === undefined) continue;
        assert.ok(allowed.includes(host.member.id));
        balancer.begin(host);
        underWay.push(host);
        if (underWay.length > 3) balancer.end(underWay.shift()!, each.outcome as 'ok', each.ms);
      }
    }
    const counted = new Map<Host, number>();
    for (const host of underWay) counted.set(host, (counted.get(host) ?? 0) + 1);
    for (const host of balancer.hosts) assert.equal(host.pending, counted.get(host) ?? 0);
  });
  fc.assert(property, { seed: 20, numRuns: tries(100, 1_000) });
});
