// When is a release in place? A table of views that are not there yet, and why.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IncidentView, ReplicaView, SystemView, UnitView } from '@hale/model';
import { whatIsMissing, whatIsWrong } from './rollout.ts';

const unit = (over: Partial<UnitView> = {}): UnitView => ({
  unit: 'orders',
  role: 'service',
  wanted: 1,
  serving: 1,
  uses: [],
  state: 'healthy',
  why: '',
  ...over,
});
const replica = (over: Partial<ReplicaView> = {}) =>
  ({ replica: 'orders/0', unit: 'orders', phase: 'serving', release: 2, why: '', ...over }) as ReplicaView;
const view = (release: number, units: UnitView[], replicas: ReplicaView[]) =>
  ({ release, units, replicas }) as unknown as SystemView;

const cases: [title: string, view: SystemView, missing: RegExp | undefined][] = [
  ['all is there', view(2, [unit()], [replica()]), undefined],
  ['the old release is in force', view(1, [unit()], [replica()]), /release 1/],
  ['a replica is of the old release', view(2, [unit()], [replica({ release: 1 })]), /orders\/0 still runs release 1/],
  [
    'an old one that was stopped is no matter',
    view(2, [unit()], [replica({ release: 1, phase: 'stopped' })]),
    undefined,
  ],
  ['a service is not healthy', view(2, [unit({ state: 'held', why: 'crash loop' })], [replica()]), /held: crash loop/],
  ['a replica is on its way out', view(2, [unit()], [replica(), replica({ phase: 'draining' })]), /draining/],
];

describe('rollout', () => {
  for (const [title, given, missing] of cases) {
    it(title, () => {
      const found = whatIsMissing(given, 2, ['orders']);
      if (missing === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', missing);
    });
  }

  const incident = {
    unit: 'orders',
    outcome: 'open',
    title: 'orders/0 exited (code 3)',
    remedies: [{ outcome: 'failed' }],
  } as unknown as IncidentView;
  const young = { ...incident, unit: 'young', remedies: [] };
  const troubles: [title: string, unit: UnitView, endsAt: 'held' | 'incident', lines: string[]][] = [
    ['all is well', unit(), 'incident', []],
    ['it only starts', unit({ unit: 'slow', state: 'starting' }), 'incident', []],
    ['an incident, and nobody waits', unit({ state: 'healing' }), 'incident', ['orders: orders/0 exited (code 3)']],
    ['one that may be over at once', unit({ unit: 'young', state: 'healing' }), 'incident', []],
    ['an incident, and somebody waits', unit({ state: 'healing' }), 'held', []],
    ['given up for now', unit({ state: 'held', why: 'crash loop' }), 'held', ['orders is held: crash loop']],
    ['the gateway heals by itself', unit({ unit: 'gateway', role: 'gateway', state: 'healing' }), 'incident', []],
  ];
  for (const [title, given, endsAt, lines] of troubles) {
    it(`trouble: ${title}`, () => {
      assert.deepEqual(whatIsWrong({ ...view(2, [given], []), incidents: [incident, young] }, endsAt), lines);
    });
  }
});
