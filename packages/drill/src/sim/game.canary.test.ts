// Canaries of the three referees that look at the end of a game: whether all serves, whether every incident is closed, and whether the
// journal gives the same state again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAgenda } from './agenda.ts';
import { createControl } from './control.ts';
import { playGame } from './game.ts';
import type { Sabotage } from './simulation.ts';
import { buildShop } from './systems.ts';

/** From some time on nothing is started any more, and nobody is told. */
const loseStarts: Sabotage = (commands, simulation) =>
  simulation.agenda.now < 60_000 ? commands : commands.filter((one) => one.kind !== 'StartReplica');

test('convergence and closing: a system whose starts are lost never becomes whole', () => {
  const blamed = new Set(playGame({ seed: 4, sabotage: loseStarts }).breaches.map((breach) => breach.referee));
  assert.ok(blamed.has('convergence') && blamed.has('closing'), [...blamed].join(', '));
});

test('determinism: a state that something else than the journal has changed is noticed at the next revival', () => {
  const agenda = createAgenda();
  const control = createControl(agenda, () => {});
  control.feed({ kind: 'LeaderElected', epoch: 1, seed: 1 });
  control.feed({ kind: 'SystemDeclared', release: 1, units: buildShop() });
  control.kill();
  assert.equal(control.revive(2), undefined);
  Object.assign(control.state, { epoch: 99 });
  control.kill();
  assert.match(control.revive(3) ?? '', /another state/);
});
