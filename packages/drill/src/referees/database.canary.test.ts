// The two referees of database clusters, and what they must catch: somebody is promoted without having everything, two write at the same
// time, and somebody takes over from a primary that is well.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, CommandId, ReplicaId } from '@hale/model';
import { createSimulation, type Sabotage, type Simulation } from '../sim/simulation.ts';
import { buildShop } from '../sim/systems.ts';
import { end, runningOf } from '../sim/world.ts';
import { allReferees } from './index.ts';

let planted = 0;

/** An order that the brain never gave: this node is the primary of term 2. */
function promote(simulation: Simulation, replica: string): Command {
  const node = runningOf(simulation.world, 'db').find((one) => one.replica === replica);
  return {
    ...{ kind: 'PromoteStandby', term: 2, replica: replica as ReplicaId, incarnation: node?.incarnation ?? '' },
    ...{ id: `planted-${planted++}` as CommandId, epoch: 1, at: { wall: 0, mono: 0, bootId: 'sim' } },
    ...{ deadlineMs: 3_000, reason: 'planted', incident: undefined },
  } as Command;
}

/** db/2 is cut off for two seconds, and meanwhile the primary is killed. */
function complaintsUnder(sabotage: Sabotage): string[] {
  const simulation = createSimulation({ seed: 5, units: buildShop(2), referees: allReferees, sabotage });
  const { world, agenda } = simulation;
  simulation.run(30_000);
  const [, , behind] = world.clusters.get('db')?.disks ?? [];
  assert.ok(behind);
  behind.cutUntil = agenda.now + 2_000;
  simulation.run(1_000);
  for (const one of runningOf(world, 'db')) if (one.replica === 'db/0') end(world, one, { code: 1, signal: undefined });
  simulation.run(60_000);
  simulation.court.finish();
  return [...new Set(simulation.court.breaches.map((breach) => breach.referee))];
}

/** Nobody is asked: the one that lags becomes the primary. */
const promoteTheLast: Sabotage = (commands, simulation) => {
  const isAsking = commands.some((one) => one.kind === 'FenceStandby');
  const kept = commands.filter((one) => one.kind !== 'FenceStandby' && one.kind !== 'PromoteStandby');
  return isAsking ? [...kept, promote(simulation, 'db/2')] : kept;
};

/** A healthy cluster is given another primary, and the old one knows nothing of it. */
function promoteForNothing(): Sabotage {
  let isDone = false;
  return (commands, simulation) => {
    if (isDone || simulation.agenda.now < 25_000) return commands;
    isDone = true;
    return [...commands, promote(simulation, 'db/1')];
  };
}

test('without a bug nobody complains, and a standby takes over', () => {
  const promoted: string[] = [];
  const complaints = complaintsUnder((commands) => {
    promoted.push(...commands.flatMap((one) => (one.kind === 'PromoteStandby' ? [one.replica] : [])));
    return commands;
  });
  assert.deepEqual(complaints, []);
  assert.deepEqual(promoted, ['db/1'], 'the one that was not cut off');
});

test("the referee 'no-acked-loss' catches a standby that is promoted without having everything", () => {
  assert.ok(complaintsUnder(promoteTheLast).includes('no-acked-loss'));
});

test("the referee 'no-acked-loss' catches a deposed primary that goes on acknowledging", () => {
  assert.ok(complaintsUnder(promoteForNothing()).includes('no-acked-loss'));
});

test("the referee 'no-false-failover' catches a promotion beside a primary that is well", () => {
  assert.ok(complaintsUnder(promoteForNothing()).includes('no-false-failover'));
});
