// A referee that never blows the whistle is no referee: for each a bug is planted between the brain and the hands, and it must
// be that referee who catches it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, CommandId, Incarnation } from '@hale/model';
import type { Sabotage } from '../sim/simulation.ts';
import { createSimulation } from '../sim/simulation.ts';
import { buildShop } from '../sim/systems.ts';
import { end, runningOf } from '../sim/world.ts';
import { allReferees } from './index.ts';

const head = {
  epoch: 1,
  at: { wall: 0, mono: 0, bootId: 'sim' },
  deadlineMs: 1,
  reason: 'planted',
  incident: undefined,
};
const probesLieMs = 15_000;
let planted = 0;

function plant(body: Partial<Command> & { kind: string }): Command {
  return { ...head, id: `planted-${planted++}` as CommandId, ...body } as unknown as Command;
}

/** Plays a minute and a half with a crash, an order that cannot be, and probes that lie, under a planted bug; gives who complained. */
function complaintsUnder(sabotage: Sabotage): Set<string> {
  const simulation = createSimulation({ seed: 5, units: buildShop(), referees: allReferees, sabotage });
  simulation.run(20_000);
  const [victim] = runningOf(simulation.world, 'orders');
  assert.ok(victim);
  end(simulation.world, victim, { code: 1, signal: undefined });
  simulation.run(40_000);
  simulation.order({ kind: 'scale', unit: 'nobody', replicas: 1 });
  simulation.world.sky.probesLie.add('all');
  simulation.run(probesLieMs);
  simulation.world.sky.probesLie.clear();
  simulation.run(10_000);
  simulation.court.finish();
  return new Set(simulation.court.breaches.map((breach) => breach.referee));
}

function serving(simulation: Parameters<Sabotage>[1], unit: string) {
  return runningOf(simulation.world, unit).filter((one) => one.started);
}

/** True once a second of virtual time: a bug that answers its own echo would never end. */
function everySecond(fromMs: number): (now: number) => boolean {
  let nextAt = fromMs;
  return (now) => {
    if (now < nextAt) return false;
    nextAt = now + 1_000;
    return true;
  };
}

/** Stops every healthy life of orders, again and again. */
function stopAll(graceMs: number, fromMs = 25_000): Sabotage {
  const isDue = everySecond(fromMs);
  return (commands, simulation) =>
    !isDue(simulation.agenda.now)
      ? commands
      : [
          ...commands,
          ...serving(simulation, 'orders').map((one) =>
            plant({ kind: 'StopReplica', replica: one.replica, incarnation: one.incarnation, graceMs }),
          ),
        ];
}

function startMany(replicas: number): Sabotage {
  const isDue = everySecond(25_000);
  return (commands, simulation) => {
    if (!isDue(simulation.agenda.now)) return commands;
    const many = serving(simulation, 'orders').slice(0, replicas);
    const incarnation = () => `planted-${planted++}` as Incarnation;
    return [
      ...commands,
      ...many.map((one) =>
        plant({ kind: 'StartReplica', replica: one.replica, incarnation: incarnation(), release: 1, zone: 'a' }),
      ),
    ];
  };
}

/** The same bug, and the story is kept from everybody. */
function silently(sabotage: Sabotage): Sabotage {
  return (commands, simulation, event) => sabotage(commands, simulation, event).filter((one) => one.kind !== 'Tell');
}

const tellLies: Sabotage = (commands) =>
  commands.flatMap((one) =>
    one.kind === 'Tell' && one.note.kind === 'opened'
      ? [one, plant({ kind: 'Tell', note: { ...one.note, kind: 'verified', text: 'all is well again' } })]
      : [one],
  );

const hushRefusals: Sabotage = (commands) =>
  commands.filter((one) => one.kind !== 'Tell' || one.note.kind !== 'refused');

const chatter: Sabotage = (commands) => [
  ...commands,
  ...Array.from({ length: 200 }, () =>
    plant({ kind: 'Tell', note: { kind: 'info', unit: 'orders', replica: undefined, text: 'still here' } }),
  ),
];

const canaries: Readonly<Record<string, Sabotage>> = {
  floor: stopAll(3_000),
  'no-false-kill': stopAll(0),
  'two-witnesses': stopAll(0),
  budget: startMany(3),
  'honest-claims': tellLies,
  futility: silently(startMany(1)),
  'no-storm': chatter,
  observer: stopAll(0, 65_000),
  refusals: hushRefusals,
};

for (const [referee, sabotage] of Object.entries(canaries)) {
  test(`the referee '${referee}' catches its canary`, () => {
    const complained = complaintsUnder(sabotage);
    assert.ok(complained.has(referee), `only ${[...complained].join(', ') || 'nobody'} complained`);
  });
}

/** Five canaries need a database cluster (database.canary.test.ts, relay.canary.test.ts), one a letter box of its own (sim/letter-box.canary.test.ts). */
const elsewhere = ['no-acked-loss', 'no-false-failover', 'hearing', 'led-astray', 'led-again', 'lone-word'];

test('every referee has a canary, and without a bug nobody complains', () => {
  const court = { blame: () => {} } as never;
  assert.deepEqual(allReferees.map((make) => make(court).name).sort(), [...Object.keys(canaries), ...elsewhere].sort());
  assert.deepEqual([...complaintsUnder((commands) => commands)], []);
});

test("the referee 'observer' also catches a database node that is stopped on the word of lying probes", () => {
  const isDue = everySecond(62_000);
  const sabotage: Sabotage = (commands, simulation) => {
    const [db] = serving(simulation, 'db');
    if (db === undefined || !isDue(simulation.agenda.now)) return commands;
    const { replica, incarnation } = db;
    const text = `${replica} is drained and stopped: its readiness probe fails (HTTP 503)`;
    const tell = plant({ kind: 'Tell', note: { kind: 'acted', unit: 'db', replica, text } });
    return [...commands, tell, plant({ kind: 'StopReplica', replica, incarnation, graceMs: 3_000 })];
  };
  const simulation = createSimulation({ seed: 5, units: buildShop(), referees: allReferees, sabotage });
  simulation.run(20_000);
  simulation.world.sky.probesLie.add('all');
  simulation.run(75_000);
  assert.ok(simulation.court.breaches.some((one) => one.referee === 'observer'));
});
