// The referee of losses at databases that may lose something: what is told is allowed, and what it must catch is that nothing is told, that too little is, and
// that somebody acknowledges alone of whom nobody was told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, CommandId } from '@hale/model';
import { primaryOf } from '../sim/cluster/disk.ts';
import { createSimulation, type Sabotage, type Simulation } from '../sim/simulation.ts';
import { buildShop, type Temper } from '../sim/systems.ts';
import { end, touch } from '../sim/world.ts';
import { allReferees } from './index.ts';

const honest: Sabotage = (commands) => commands;

function open(temper: Temper, sabotage: Sabotage): { simulation: Simulation; told: string[] } {
  const told: string[] = [];
  const simulation = createSimulation({ seed: 5, units: buildShop(2, temper), referees: allReferees, sabotage });
  simulation.onCommand = (command) => {
    if (command.kind === 'Tell') told.push(command.note.text);
  };
  simulation.run(30_000);
  return { simulation, told };
}

function complaintsOf({ court }: Simulation): string[] {
  court.finish();
  return [...new Set(court.breaches.map(({ referee, what }) => `${referee}: ${what}`))];
}

/** Both standbys are cut off until the primary has gone on alone; then it is gone for a minute. */
function loseTheLonely(sabotage: Sabotage): { complaints: string[]; told: string[] } {
  const { simulation, told } = open({ mayGoAlone: true, distant: false }, sabotage);
  const { world, agenda } = simulation;
  const cluster = world.clusters.get('db')!;
  const primary = primaryOf(cluster)!;
  for (const disk of cluster.disks) if (disk !== primary) disk.cutUntil = agenda.now + 40_000;
  world.stirred = true;
  simulation.run(15_000);
  world.sky.stuckStart.add(primary.replica);
  end(world, primary.server!, { code: undefined, signal: 'SIGKILL' });
  simulation.run(60_000);
  return { complaints: complaintsOf(simulation), told };
}

/** All of the home region is gone, and a person moves the database. */
function loseTheRegion(sabotage: Sabotage): { complaints: string[]; told: string[] } {
  const { simulation, told } = open({ mayGoAlone: false, distant: true }, sabotage);
  const { world, agenda } = simulation;
  const cluster = world.clusters.get('db')!;
  const copy = cluster.disks.at(-1)!;
  copy.cutUntil = agenda.now + 20_000;
  world.stirred = true;
  simulation.run(2_000);
  // What the copy lacks is seen before the primary is lost.
  touch(world, primaryOf(cluster)!.server!);
  simulation.run(500);
  for (const disk of cluster.disks.slice(0, cluster.voters)) {
    world.sky.stuckStart.add(disk.replica);
    end(world, disk.server!, { code: undefined, signal: 'SIGKILL' });
  }
  simulation.run(3_000);
  simulation.order({ kind: 'failover', unit: 'db', region: 'us' });
  simulation.run(20_000);
  return { complaints: complaintsOf(simulation), told };
}

const without =
  (words: RegExp): Sabotage =>
  (commands) =>
    commands.filter((one) => one.kind !== 'Tell' || !words.test(one.note.text));

const instead =
  (words: RegExp, others: string): Sabotage =>
  (commands) =>
    commands.map((one) =>
      one.kind === 'Tell' ? { ...one, note: { ...one.note, text: one.note.text.replace(words, others) } } : one,
    );

/** A healthy cluster is told to go on alone, and nobody else is told. */
function goAloneForNothing(): Sabotage {
  let isDone = false;
  return (commands, simulation) => {
    if (isDone || simulation.agenda.now < 25_000) return commands;
    isDone = true;
    const disk = primaryOf(simulation.world.clusters.get('db')!)!;
    const planted = {
      ...{ kind: 'PromoteStandby', term: disk.term, replica: disk.replica, incarnation: disk.server!.incarnation },
      ...{ alone: true, id: 'planted' as CommandId, epoch: 1, at: { wall: 0, mono: 0, bootId: 'sim' } },
      ...{ deadlineMs: 3_000, reason: 'planted', incident: undefined },
    } as Command;
    return [...commands, planted];
  };
}

test('the lonely one is lost and the loss is told: nobody complains', () => {
  const { complaints, told } = loseTheLonely(honest);
  assert.deepEqual(complaints, []);
  assert.equal(told.filter((text) => /did not come back: .* may lack up to \S+B that were seen/.test(text)).length, 1);
});

test('it is lost and nothing is told of it', () => {
  const { complaints } = loseTheLonely(without(/did not come back/));
  assert.ok(
    complaints.some((one) => /^no-acked-loss: .*nothing was said of it/.test(one)),
    complaints.join(),
  );
});

test('it is lost and too little is told', () => {
  const { complaints } = loseTheLonely(instead(/up to \S+B that were seen/, 'up to 3B that were seen'));
  assert.ok(
    complaints.some((one) => /^no-acked-loss: .*: 3 and \d+ ms were said/.test(one)),
    complaints.join(),
  );
});

test('it goes on alone and nobody is told', () => {
  const { complaints } = loseTheLonely(without(/goes on alone/));
  assert.ok(
    complaints.some((one) => /^no-acked-loss: .*nobody was told that it goes on/.test(one)),
    complaints.join(),
  );
  const { simulation } = open({ mayGoAlone: true, distant: false }, goAloneForNothing());
  assert.ok(complaintsOf(simulation).some((one) => /^no-acked-loss: .*nobody was told that it goes on/.test(one)));
});

test('a region is lost and the loss is told: nobody complains', () => {
  const { complaints, told } = loseTheRegion(honest);
  assert.deepEqual(complaints, []);
  assert.equal(told.filter((text) => /it lacks the last \S+B that were seen/.test(text)).length, 1);
});

test('a region is lost and nothing is said to be missing', () => {
  const { complaints } = loseTheRegion(instead(/it lacks .* looked at/, 'it lacks nothing that was acknowledged'));
  assert.ok(
    complaints.some((one) => /^no-acked-loss: .*: 0 and 0 ms were said/.test(one)),
    complaints.join(),
  );
});
