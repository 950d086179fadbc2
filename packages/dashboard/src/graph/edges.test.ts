// Arrows: declared ones once, unknown ones never, and a road from a gateway that declares none.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UnitView } from '@hale/model';
import { edgesOf } from './edges.ts';

const unit = (name: string, uses: string[], role: UnitView['role'] = 'service'): UnitView => ({
  unit: name,
  role,
  wanted: 1,
  serving: 1,
  uses,
  state: 'healthy',
  why: '',
});
const check = (units: UnitView[], told: string) =>
  assert.equal(
    edgesOf(units)
      .map(({ from, to }) => `${from}>${to}`)
      .join(' '),
    told,
  );

test('declared arrows', () => check([unit('a', ['b', 'b', 'a', 'nobody']), unit('b', [])], 'a>b'));
test('a silent gateway leads to what nobody uses', () =>
  check(
    [unit('gateway', [], 'gateway'), unit('a', ['b', 'db']), unit('b', []), unit('db', [], 'postgres')],
    'a>b a>db gateway>a',
  ));
test('a gateway that says where it leads is believed', () =>
  check([unit('gateway', ['b'], 'gateway'), unit('a', []), unit('b', [])], 'gateway>b'));
