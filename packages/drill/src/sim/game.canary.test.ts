// Canaries of the referees that live in the simulator itself: whether all serves at the end, whether every incident is closed, whether the
// journal gives the same state again, and whether nothing is done that is not written down, or without the lease.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playGame } from './game.ts';
import { createSimulation, type Sabotage, type Simulation } from './simulation.ts';
import { buildShop } from './systems.ts';
import { end, runningOf } from './world.ts';

/** From some time on nothing is started any more, and nobody is told. */
const loseStarts: Sabotage = (commands, simulation) =>
  simulation.agenda.now < 60_000 ? commands : commands.filter((one) => one.kind !== 'StartReplica');

test('convergence and closing: a system whose starts are lost never becomes whole', () => {
  const blamed = new Set(playGame({ seed: 4, sabotage: loseStarts }).breaches.map((breach) => breach.referee));
  assert.ok(blamed.has('convergence') && blamed.has('closing'), [...blamed].join(', '));
});

test('determinism: a state that something else than the journal has changed is noticed at the next revival', () => {
  const simulation = createSimulation({ seed: 5, units: buildShop(), referees: [] });
  const killAndRevive = () => {
    simulation.killControl(1_000);
    simulation.run(20_000);
    return simulation.court.breaches.map((breach) => breach.referee);
  };
  simulation.run(20_000);
  assert.deepEqual(killAndRevive(), []);
  Object.assign(simulation.control.state, { seed: 99 });
  assert.deepEqual(killAndRevive(), ['determinism']);
});

/** A replica dies; gives who complains of what is done about it. */
function complaintsOfARestart(simulation: Simulation): string[] {
  const [victim] = runningOf(simulation.world, 'orders');
  assert.ok(victim);
  end(simulation.world, victim, { code: 1, signal: undefined });
  simulation.run(10_000);
  return [...new Set(simulation.court.breaches.map((breach) => breach.referee))];
}

test('journal-first: what is done is not what was written down', () => {
  const simulation = createSimulation({ seed: 5, units: buildShop(), referees: [] });
  simulation.run(20_000);
  simulation.onCommand = (command) => {
    if (command.kind === 'StartReplica') Object.assign(command, { id: `${command.id}-forged` });
  };
  assert.deepEqual(complaintsOfARestart(simulation), ['journal-first']);
});

test('lease: whoever has lost it does nothing more, and one that does is noticed', () => {
  for (const isLawless of [false, true]) {
    const simulation = createSimulation({ seed: 5, units: buildShop(), referees: [], isLawless });
    simulation.run(20_000);
    simulation.control.loseLease();
    assert.deepEqual(complaintsOfARestart(simulation), isLawless ? ['lease'] : []);
  }
});
