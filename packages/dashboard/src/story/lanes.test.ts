// Lanes: in the order a person asks, times since the symptom, and "healed" only when the symptom is gone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IncidentId, IncidentView, ReplicaId } from '@hale/model';
import { lanesOf, outcomeLine, sortIncidents } from './lanes.ts';

const stamp = (mono: number) => ({ wall: 1_000_000 + mono, mono, bootId: 'b' });
const incident = (change: Partial<IncidentView> = {}): IncidentView => ({
  id: '01J' as IncidentId,
  unit: 'orders',
  replicas: ['orders/1' as ReplicaId],
  cause: 'crash',
  title: 'orders/1 exited on SIGKILL',
  evidence: ['the kernel says: exited', 'connections refused'],
  openedAt: stamp(1_020),
  suspectedAt: stamp(1_000),
  condemnedAt: undefined,
  isolatedAt: stamp(1_030),
  closedAt: undefined,
  outcome: 'open',
  remedies: [{ remedy: 'restart', at: stamp(1_040), target: 'orders/1', outcome: 'pending' }],
  rejected: [{ remedy: 'roll back', why: 'the release is old' }],
  attachment: undefined,
  ...change,
});
const tell = (one: IncidentView) =>
  lanesOf(one).flatMap((lane) =>
    lane.items.map(
      (item) => `${lane.kind}: ${item.text}${item.afterMs === undefined ? '' : ` +${item.afterMs}`} (${item.tone})`,
    ),
  );

test('the story of an open incident', () => {
  assert.deepEqual(tell(incident()), [
    'symptom: suspected +0 (plain)',
    'symptom: orders/1 exited on SIGKILL +20 (plain)',
    'evidence: the kernel says: exited (plain)',
    'evidence: connections refused (plain)',
    'isolation: out of rotation: new requests go elsewhere +30 (plain)',
    'decision: restart (plain)',
    'decision: roll back: the release is old (rejected)',
    'action: restart orders/1 +40 (plain)',
    'verification: restart: watching whether the symptom goes (waiting)',
    'outcome: still open: it closes when the symptom is gone, not when a command has run (waiting)',
  ]);
});

test('a suspicion that opened the incident is not said twice', () => {
  const [symptom] = lanesOf(incident({ suspectedAt: stamp(1_020) }));
  assert.deepEqual(
    symptom?.items.map((item) => item.text),
    ['orders/1 exited on SIGKILL'],
  );
});

test('a lane with nothing in it is left out', () => {
  const bare = incident({ evidence: [], isolatedAt: undefined, remedies: [], rejected: [] });
  assert.deepEqual(
    lanesOf(bare).map((lane) => lane.kind),
    ['symptom', 'outcome'],
  );
});

test('outcomes in a line', () => {
  assert.equal(outcomeLine(incident()), 'open');
  assert.equal(outcomeLine(incident({ closedAt: stamp(1_840), outcome: 'healed' })), 'healed in 840 ms');
  assert.equal(outcomeLine(incident({ closedAt: stamp(41_000), outcome: 'not-healed' })), 'not healed after 40 s');
});

test('open ones first, then the newest', () => {
  const ids = sortIncidents([
    incident({ id: 'old' as IncidentId, openedAt: stamp(1), closedAt: stamp(2) }),
    incident({ id: 'new' as IncidentId, openedAt: stamp(9), closedAt: stamp(10) }),
    incident({ id: 'open' as IncidentId, openedAt: stamp(5) }),
  ]).map((one) => one.id);
  assert.deepEqual(ids, ['open', 'new', 'old']);
});
