// Canaries of the live referees: each planted misdeed must be named, and a clean drill must pass.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncidentView, ReplicaView, SystemView } from '@hale/model';
import { findLiveDrill } from './drills.ts';
import { type Evidence, hasEnded, judge } from './judge.ts';

const stamp = (mono: number) => ({ wall: 1_700_000_000_000 + mono, mono, bootId: 'boot' });

function replica(id: string, incarnation: string): ReplicaView {
  return {
    ...{ replica: id, unit: id.split('/')[0], incarnation, pid: 1, port: 1, zone: 'a', phase: 'serving' },
    ...{ rotation: 'in', why: '', restarts: 0, startedAt: 0, cpuRatio: 0, rssBytes: 0, loopLagMs: 0, release: 1 },
  } as ReplicaView;
}

function picture(lives: Readonly<Record<string, string>>, extra: Partial<SystemView> = {}): SystemView {
  const replicas = Object.entries(lives).map(([id, incarnation]) => replica(id, incarnation));
  const unit = { unit: 'orders', role: 'service', wanted: 3, serving: 3, uses: [], state: 'healthy', why: '' } as const;
  return {
    ...{
      system: 'shop',
      id: 'x',
      release: 1,
      epoch: 1,
      at: stamp(2000),
      state: 'healthy',
      zones: ['a'],
      zonesSimulated: true,
    },
    ...{ units: [unit], replicas, incidents: [], budget: { used: 0, max: 30, windowMs: 60_000 } },
    ...extra,
  };
}

const incident = {
  ...{ id: 'i1', unit: 'orders', replicas: ['orders/1'], cause: 'crash', title: '', evidence: [], outcome: 'healed' },
  ...{ openedAt: stamp(1020), suspectedAt: undefined, condemnedAt: undefined, isolatedAt: stamp(1030) },
  ...{ closedAt: stamp(1600), remedies: [], rejected: [], attachment: undefined },
} as unknown as IncidentView;

const before = picture({ 'orders/0': 'a', 'orders/1': 'b', 'orders/2': 'c' });
const after = picture({ 'orders/0': 'a', 'orders/1': 'B', 'orders/2': 'c' }, { incidents: [incident] });

function evidence(changes: Partial<Evidence> = {}, load: Partial<Evidence['load']> = {}): Evidence {
  return {
    ...{ drill: findLiveDrill('crash')!, seed: 1, platform: 'process', unit: 'orders', struckAt: 1000, before, after },
    ...{ broken: [replica('orders/1', 'b')], endedAt: 1650, retried: 2, servingMin: 2 },
    ...changes,
    load: {
      ...{ total: 100, failed: 0, severed: 0, unsent: 0, rps: 100, steadyP99Ms: 3, faultP99Ms: 5 },
      ...{ lost: 0, doubled: 0, reasons: [], ...load },
    },
  };
}

test('a clean crash is healed, with times from the fault', () => {
  const result = judge(evidence());
  assert.equal(result.verdict, 'healed');
  assert.deepEqual(result.complaints, []);
  assert.deepEqual([result.detectedMs, result.isolatedMs, result.recoveredMs], [20, 30, 600]);
});

test('every planted misdeed is named', () => {
  const planted: readonly [string, Evidence, RegExp][] = [
    ['a failed request', evidence({}, { failed: 1 }), /1 requests failed/],
    ['a severed connection', evidence({}, { severed: 1 }), /severed/],
    ['a lost order', evidence({}, { lost: 1 }), /acknowledged orders are lost/],
    ['a doubled order', evidence({}, { doubled: 1 }), /twice/],
    ['no ending', evidence({ endedAt: undefined }), /did not end/],
    ['a breach of the floor', evidence({ servingMin: 1 }), /below its floor/],
    [
      'a false kill',
      evidence({ after: picture({ 'orders/0': 'A', 'orders/1': 'B', 'orders/2': 'c' }) }),
      /orders\/0 was restarted/,
    ],
  ];
  for (const [name, given, expected] of planted) {
    const result = judge(given);
    assert.equal(result.verdict, 'failed', name);
    assert.match(result.complaints.join('\n'), expected, name);
  }
});

test('healed means: another life serves and the incident is closed by its symptom (INV-06)', () => {
  const base = evidence();
  assert.equal(hasEnded(base), true);
  assert.equal(hasEnded({ ...base, after: before }), false, 'the old life is still there');
  const open = { ...incident, outcome: 'open' } as IncidentView;
  assert.equal(hasEnded({ ...base, after: { ...after, incidents: [open] } }), false, 'the incident is open');
  assert.equal(hasEnded({ ...base, after: { ...after, state: 'healing' } }), false, 'not everything serves');
});

test('after the death of control, restarting a workload is a complaint (INV-08)', () => {
  const drill = findLiveDrill('control-killed')!;
  const adopted = { ...before, epoch: 2 };
  assert.equal(judge(evidence({ drill, broken: [], after: adopted, servingMin: 3 })).verdict, 'healed');
  assert.equal(judge(evidence({ drill, broken: [], after: { ...after, epoch: 2 }, servingMin: 3 })).verdict, 'failed');
});
