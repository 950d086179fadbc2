// Canaries of the three referees that look at the end of a game: whether all serves, whether every incident is closed, and whether the
// journal gives the same state again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { playGame } from './game.ts';
import { createSimulation, type Sabotage } from './simulation.ts';
import { buildShop } from './systems.ts';

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
