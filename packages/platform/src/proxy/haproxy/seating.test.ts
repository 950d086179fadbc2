// Chairs and sitters: what is ordered, and that obeying it seats exactly those who should sit (checked over seeded random histories).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import type { ProxyMember } from '../proxy-program.ts';
import { type Row, seat } from './seating.ts';
import type { SeatRow } from './stat-table.ts';

const empty = (server: string): SeatRow => ({
  backend: 'be',
  server,
  address: '127.0.0.1',
  port: 9,
  weight: 1,
  admin: 'maint',
});
const member = (name: string, port: number, weight = 100): ProxyMember =>
  ({ incarnation: name, address: '127.0.0.1', port, weight }) as unknown as ProxyMember;

function row(seats: readonly SeatRow[], taken: Record<string, string> = {}, busy: readonly string[] = []): Row {
  return { backend: 'be', seats, taken: new Map(Object.entries(taken)), busy: new Set(busy) };
}

test('a newcomer takes a quiet chair; who has left is put out last', () => {
  const seats = [empty('slot1'), { ...empty('slot2'), port: 1, weight: 100, admin: 'ready' } as const, empty('slot3')];
  const { orders, taken, lacking } = seat(row(seats, { slot2: 'old' }, ['slot1']), [member('new', 2)]);
  assert.deepEqual(orders, [
    'set server be/slot3 addr 127.0.0.1 port 2',
    'set server be/slot3 weight 100',
    'set server be/slot3 state ready',
    'set server be/slot3 health up',
    'set server be/slot2 state maint',
  ]);
  assert.deepEqual(
    [...taken],
    [
      ['slot2', 'old'],
      ['slot3', 'new'],
    ],
  );
  assert.equal(lacking, 0);
});

test('a new pilot finds by address who sits where, and orders nothing', () => {
  const seats = [{ ...empty('slot1'), port: 1, weight: 100, admin: 'ready' } as const, empty('slot2')];
  const { orders, taken } = seat(row(seats), [member('a', 1)]);
  assert.deepEqual(orders, []);
  assert.deepEqual([...taken], [['slot1', 'a']]);
});

test('a new life at the old address is somebody else', () => {
  const seats = [{ ...empty('slot1'), port: 1, weight: 100, admin: 'ready' } as const, empty('slot2')];
  const { taken, orders } = seat(row(seats, { slot1: 'a' }), [member('b', 1)]);
  assert.equal(taken.get('slot2'), 'b');
  assert.equal(orders.at(-1), 'set server be/slot1 state maint');
});

test('too few chairs are counted, the rest is seated', () => {
  const { lacking, taken } = seat(row([empty('slot1')]), [member('a', 1), member('b', 2)]);
  assert.equal(lacking, 1);
  assert.equal(taken.size, 1);
});

test('whatever happened before, obeying once seats exactly the members', () => {
  const seed = 20_260_711;
  const rng = createRng(seed);
  let seats = Array.from({ length: 8 }, (_, at) => empty(`slot${at + 1}`));
  let taken: ReadonlyMap<string, string> = new Map();
  for (let turn = 0; turn < 500; turn++) {
    const members = Array.from({ length: 8 }, (_, at) =>
      member(`m${at}-${rng.below(3)}`, 4000 + at, 1 + rng.below(100)),
    ).filter(() => rng.unit() < 0.5);
    // A pilot that died forgets the names.
    if (rng.unit() < 0.1) taken = new Map();
    const busy = new Set(seats.filter(() => rng.unit() < 0.3).map(({ server }) => server));
    const seating = seat({ backend: 'be', seats, taken, busy }, members);
    seats = obey(seats, seating.orders);
    taken = seating.taken;
    const serving = seats.filter(({ admin }) => admin === 'ready').map(({ port, weight }) => `${port} ${weight}`);
    assert.deepEqual(
      serving.sort(),
      members.map(({ port, weight }) => `${port} ${weight}`).sort(),
      `seed ${seed}, turn ${turn}`,
    );
    assert.equal(seating.lacking, 0);
    assert.deepEqual(seat({ backend: 'be', seats, taken, busy }, members).orders, [], 'nothing is left to order');
  }
});

/** HAProxy, as far as these orders go. */
function obey(seats: readonly SeatRow[], orders: readonly string[]): SeatRow[] {
  const state = new Map(seats.map((each) => [each.server, { ...each }]));
  for (const order of orders) {
    const [, server, what, value, , port] = /^set server be\/(\w+) (\w+) (\S+)(?: (port) (\d+))?$/.exec(order)!;
    const chair = state.get(server!)! as { -readonly [Key in keyof SeatRow]: SeatRow[Key] };
    if (what === 'addr') Object.assign(chair, { address: value, port: Number(port) });
    else if (what === 'weight') chair.weight = Number(value);
    else if (what === 'state') chair.admin = value as SeatRow['admin'];
  }
  return [...state.values()];
}
