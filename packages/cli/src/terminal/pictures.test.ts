// Goldens of what a person reads, without colour and at a fixed width: review them as prose.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Incarnation, IncidentId, IncidentView, ReplicaId, ReplicaView, SystemView } from '@hale/model';
import { renderFeedLine } from './feed-picture.ts';
import { renderIncidents, renderStory } from './incident-story.ts';
import { renderLive } from './live-picture.ts';
import { createPaint } from './paint.ts';
import { renderHeadline, renderReplicas, renderTroubles } from './system-picture.ts';
import type { Style } from './words.ts';

const style: Style = { paint: createPaint(false), width: 120, utcOffsetMinutes: 0 };
const wallStart = Date.UTC(2026, 10, 22, 14, 3, 0);
const stamp = (mono: number) => ({ wall: wallStart + mono, mono, bootId: 'boot' });

function buildReplica(over: Partial<ReplicaView> = {}): ReplicaView {
  return {
    replica: 'orders/0' as ReplicaId,
    unit: 'orders',
    incarnation: '01TEST' as Incarnation,
    pid: 4101,
    port: 20_101,
    zone: 'a',
    phase: 'serving',
    rotation: 'in',
    why: '',
    restarts: 0,
    startedAt: 1_000,
    cpuRatio: 0.034,
    rssBytes: 61_000_000,
    loopLagMs: 1,
    release: 1,
    ...over,
  };
}

const view: SystemView = {
  system: 'shop',
  id: '7d8c0f3e-2a51-4a57-9d3b-0c4f5e6a7b81',
  release: 3,
  epoch: 1,
  at: stamp(66_000),
  state: 'healing',
  zones: ['a', 'b'],
  zonesSimulated: true,
  units: [
    {
      unit: 'orders',
      role: 'service',
      wanted: 2,
      serving: 1,
      uses: [],
      state: 'healing',
      why: 'orders/1 is being replaced',
    },
    {
      unit: 'mailer',
      role: 'service',
      wanted: 1,
      serving: 0,
      uses: ['orders'],
      state: 'starting',
      why: 'waits for orders',
    },
  ],
  replicas: [
    buildReplica(),
    buildReplica({
      replica: 'orders/1' as ReplicaId,
      pid: undefined,
      phase: 'waiting',
      restarts: 1,
      why: 'restarts in 250ms',
      cpuRatio: undefined,
      rssBytes: undefined,
    }),
  ],
  incidents: [],
  budget: { used: 1, max: 10, windowMs: 60_000 },
};

const incident: IncidentView = {
  id: '01INCIDENT' as IncidentId,
  unit: 'orders',
  replicas: ['orders/1' as ReplicaId],
  cause: 'blocked-loop',
  title: 'orders/1 does not answer: its event loop is blocked',
  evidence: [
    'the heartbeat says that the main loop has not turned for 3.0s',
    'the kernel says that the main thread burns CPU without pause',
  ],
  openedAt: stamp(1_200),
  suspectedAt: stamp(1_000),
  condemnedAt: stamp(3_000),
  isolatedAt: stamp(1_050),
  closedAt: stamp(4_800),
  outcome: 'healed',
  remedies: [{ remedy: 'replace', at: stamp(3_010), target: 'orders/1', outcome: 'worked' }],
  rejected: [{ remedy: 'wait', why: 'it has been blocked twice as long as its longest pause' }],
  attachment: 'at spin (/srv/shop/orders.ts:12:3)\nat handle (/srv/shop/orders.ts:40:5)',
};

function check(lines: readonly string[], golden: string): void {
  assert.equal(lines.join('\n'), golden.replace(/^\n/, '').replace(/\n *$/, ''));
}

describe('pictures', () => {
  it('replicas, and units that have none', () => {
    check(
      renderReplicas(view, style),
      `
SERVICE  REPLICA  STATE       PORT   PID  CPU     MEM  RESTARTS    UP  WHY
orders   0        ● serving  20101  4101   3%  61.0MB         0  1m5s
orders   1        ○ waiting  20101     -    -       -         1     -  restarts in 250ms
mailer   -        starting       -     -    -       -         -     -  waits for orders
`,
    );
  });

  it('the head line and what is not well', () => {
    check(
      [renderHeadline(view, style), ...renderTroubles(view, style)],
      `
shop  healing  release 3  1 of 3 replicas serving  zones a, b (simulated)
orders  healing  orders/1 is being replaced
mailer  starting  waits for orders
`,
    );
  });

  it('a line of the feed, tamed and cut', () => {
    const line = {
      seq: 7,
      at: stamp(0),
      kind: 'condemned' as const,
      unit: 'orders',
      replica: 'orders/1' as ReplicaId,
      incident: undefined,
      text: 'its event loop\u001b[2J has been blocked for 3.0s',
    };
    check(
      [renderFeedLine(line, style)],
      '14:03:00  ✗ condemned  orders/1        its event loop has been blocked for 3.0s',
    );
    check([renderFeedLine(line, { ...style, width: 40 })], '14:03:00  ✗ condemned  orders/1        …');
  });

  it('the list of incidents', () => {
    check(
      renderIncidents([incident, { ...incident, closedAt: undefined, outcome: 'open' }], style),
      `
WHEN      INCIDENT    OUTCOME   TOOK  SERVICE  CAUSE         WHAT
14:03:01  01INCIDENT  ✓ healed  3.8s  orders   blocked-loop  orders/1 does not answer: its event loop is blocked
14:03:01  01INCIDENT  ▲ open       -  orders   blocked-loop  orders/1 does not answer: its event loop is blocked
`,
    );
  });

  it('the story of an incident', () => {
    check(
      renderStory(incident, style),
      `
orders/1 does not answer: its event loop is blocked
✓ healed after 3.8s  orders/1  01INCIDENT, 2026-11-22 14:03:01

What was seen
  - the heartbeat says that the main loop has not turned for 3.0s
  - the kernel says that the main thread burns CPU without pause

What it means
  the cause is taken to be blocked-loop, on 2 pieces of evidence

What was done
  14:03:03  replace               orders/1        worked

What was turned down, and why
  wait                  it has been blocked twice as long as its longest pause

How it went
       +0ms  suspected
      +50ms  out of rotation
     +200ms  opened
      +2.0s  condemned
      +2.0s  replace orders/1
      +3.8s  verified: the symptom is gone

Attached
  | at spin (/srv/shop/orders.ts:12:3)
  | at handle (/srv/shop/orders.ts:40:5)
`,
    );
  });

  it('the live picture fits the screen it is given', () => {
    const live = { view, feed: [], traffic: undefined, connected: false };
    for (const rows of [8, 12, 24, 60]) {
      const lines = renderLive(
        live,
        { rows, addresses: ['gateway http://127.0.0.1:8080'], footer: 'Ctrl-C stops' },
        style,
      );
      assert.ok(lines.length < rows, `${lines.length} lines on ${rows} rows`);
      assert.ok(lines.every((line) => [...line].length <= 120));
    }
  });
});
