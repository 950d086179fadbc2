// The shift leader by hand, in virtual time: who is begun, who waits, who is refused and in which order; turns of the event loop; callers who leave.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRng } from '@hale/base';
import { createVirtualClock } from '@hale/base/testing';
import type { Priority } from '../carried.ts';
import { type AdmissionSettings, createAdmission, type Guest, type Ticket } from './admission.ts';

function rig(settings: AdmissionSettings = {}, busyMs?: number) {
  const clock = createVirtualClock();
  const log: string[] = [];
  const turns: (() => void)[] = [];
  const admission = createAdmission({
    clock,
    unit: createRng(1).unit,
    settings,
    ...(busyMs === undefined ? {} : { defer: (fn: () => void) => void turns.push(fn) }),
    onShed: ({ why, carriedOut }) => {
      if (!carriedOut) log.push(`dry ${why}`);
    },
  });
  const come = (name: string, priority: Priority = 'normal', deadlineMs = Number.POSITIVE_INFINITY): Ticket => {
    const guest: Guest = {
      priority,
      deadlineMs,
      begin: () => {
        log.push(`${name} begins`);
        if (busyMs !== undefined) clock.advance(busyMs);
      },
      refuse: (why) => void log.push(`${name}: ${why}`),
    };
    return admission.enter(guest);
  };
  return { clock, log, turns, admission, come };
}

/** The event loop turns until somebody is begun or refused. */
function quietTurns({ turns, log }: { readonly turns: (() => void)[]; readonly log: readonly string[] }): void {
  const told = log.length;
  while (log.length === told && turns.length > 0) turns.shift()!();
}

test('one inside, the next wait by urgency, a full room displaces the least urgent', () => {
  const it = rig({ initial: 1, max: 1 });
  const first = it.come('first');
  for (let i = 0; i < 64; i++) it.come(`s${i}`, 'sheddable');
  it.come('n', 'normal');
  it.come('c', 'critical');
  assert.deepEqual(it.log, ['first begins', 's0: full', 's1: full']);
  first.leave('ok');
  assert.equal(it.log.at(-1), 'c begins');
  assert.equal(it.admission.snapshot().waiting, 63);
});

test('nobody waits for long: the sweep refuses, although nobody leaves', () => {
  const it = rig({ initial: 1, max: 1 });
  it.come('first');
  const waits = it.come('second');
  it.clock.advance(500);
  assert.deepEqual(it.log, ['first begins', 'second: wait']);
  assert.equal(waits.state, 'gone');
});

test('a caller who leaves frees his seat or his place, once', () => {
  const it = rig({ initial: 1, max: 1 });
  const first = it.come('first');
  const second = it.come('second');
  it.come('third');
  second.leave('ignored');
  first.leave('ignored');
  first.leave('ignored');
  assert.deepEqual(it.log, ['first begins', 'third begins']);
  assert.equal(it.admission.snapshot().inFlight, 1);
});

test('past its deadline nothing begins, at the door and in the room', () => {
  const it = rig({ initial: 1, max: 1 });
  it.clock.advance(10);
  it.come('late', 'critical', 10);
  const first = it.come('first');
  it.come('soon late', 'normal', 15);
  it.clock.advance(8);
  first.leave('ok');
  assert.deepEqual(it.log, ['late: deadline', 'first begins', 'soon late: deadline']);
});

test('a handler that computes for long: one a turn of the loop, and the urgent one that came meanwhile goes first', () => {
  const it = rig({}, 10);
  it.come('a');
  it.come('b');
  it.come('c', 'critical');
  assert.deepEqual(it.log, ['a begins']);
  quietTurns(it);
  assert.deepEqual(it.log, ['a begins', 'c begins']);
  quietTurns(it);
  assert.deepEqual(it.log, ['a begins', 'c begins', 'b begins']);
});

test('dry run: all are let in and told of', () => {
  const it = rig({ initial: 1, max: 1, enforce: 0 });
  for (let i = 0; i < 72; i++) it.come(String(i));
  it.clock.advance(1000);
  assert.equal(it.admission.snapshot().admitted, 72);
  assert.ok(it.log.includes('dry full') && it.log.includes('dry wait'));
});

test('impossible settings are told and change nothing', () => {
  const it = rig();
  assert.throws(() => it.admission.update({ initial: 0 }), /shedding\.initial is 0/);
  it.admission.update({ max: 80 });
  assert.equal(it.admission.snapshot().limit, 64, 'what was learned stays');
});

test('a burst on a quiet service is worked off, however few may be inside at once', () => {
  const it = rig({ initial: 2, max: 2 });
  it.clock.advance(60_000);
  const tickets = Array.from({ length: 20 }, (_, i) => it.come(String(i)));
  for (let begun = 0; begun < 20; begun += 2) {
    it.clock.advance(10);
    for (const ticket of tickets.slice(begun, begun + 2)) ticket.leave('ok');
  }
  assert.equal(it.admission.snapshot().admitted, 20);
});

test('a siege that stands gets fewer seats than a burst', () => {
  const it = rig({ initial: 1, max: 1 });
  it.come('first');
  for (let i = 0; i < 20; i++) it.come(`early ${i}`);
  assert.deepEqual(it.log, ['first begins']);
  it.clock.advance(101);
  it.come('late');
  assert.ok(it.log.length === 2 && it.log[1]!.startsWith('early 0: '), it.log.join());
});

test('a limit that nobody has learned comes down in a few windows', () => {
  const it = rig({ initial: 64 });
  const inside: Ticket[] = [];
  for (let atMs = 0; atMs < 8000; atMs += 5) {
    // One worker of 5 ms: whoever came in first leaves.
    for (let i = 0; i < 4; i++) {
      const ticket = it.come('x');
      if (ticket.state !== 'gone') inside.push(ticket);
    }
    it.clock.advance(5);
    const at = inside.findIndex(({ state }) => state === 'inside');
    inside
      .splice(0, at + 1)
      .at(-1)
      ?.leave('ok');
  }
  assert.ok(it.admission.snapshot().limit <= 4, String(it.admission.snapshot().limit));
});

test('between two handlers that compute, all who stand outside are read', () => {
  const it = rig({}, 10);
  it.come('a');
  for (let i = 0; i < 20; i++) {
    it.turns.shift()?.();
    it.come(`b${i}`);
  }
  assert.deepEqual(it.log, ['a begins']);
  it.come('c', 'critical');
  quietTurns(it);
  assert.deepEqual(it.log, ['a begins', 'c begins']);
});
