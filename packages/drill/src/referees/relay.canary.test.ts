// The referees of relays, and what they must catch: a table that names somebody nobody promoted, a client who finds less than it was told is safe, a
// relay that never hears a node again, and one that is ended, or the node that it does not hear, because of its word alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command, CommandId } from '@hale/model';
import { firstPart } from '../sim/cluster/log.ts';
import { createSimulation, type Sabotage, type Simulation } from '../sim/simulation.ts';
import { buildShop, withRelays } from '../sim/systems.ts';
import { end, runningOf } from '../sim/world.ts';
import { allReferees } from './index.ts';

let planted = 0;

function plant(body: object): Command {
  return {
    ...{ id: `planted-${planted++}` as CommandId, epoch: 1, at: { wall: 0, mono: 0, bootId: 'sim' } },
    ...{ deadlineMs: 3_000, reason: 'planted', incident: undefined },
    ...body,
  } as Command;
}

const cutMs = 20_000;

interface Bugs {
  readonly sabotage?: Sabotage;
  /** Done before a relay is cut from the primary, and after the primary died. */
  readonly beforeCut?: (simulation: Simulation) => void;
  readonly afterDeath?: (simulation: Simulation) => void;
}

/** One relay is cut from the primary for a while; later the primary dies. Gives who complained, and what was told. */
function play({ sabotage, beforeCut, afterDeath }: Bugs) {
  const simulation = createSimulation({ seed: 5, units: withRelays(buildShop(2)), referees: allReferees, sabotage });
  const { world, agenda } = simulation;
  const told: string[] = [];
  simulation.onCommand = (command) => {
    if (command.kind === 'Tell') told.push(`${command.note.kind} ${command.note.text}`);
  };
  simulation.run(120_000);
  beforeCut?.(simulation);
  world.lodge.cutUntil.set('relay/0 db/0', agenda.now + cutMs);
  simulation.run(cutMs + 20_000);
  for (const one of runningOf(world, 'db')) if (one.replica === 'db/0') end(world, one, { code: 1, signal: undefined });
  afterDeath?.(simulation);
  simulation.run(60_000);
  simulation.court.finish();
  return { breaches: simulation.court.breaches, told, simulation };
}

function isBlamed(referee: string, bugs: Bugs): boolean {
  return play(bugs).breaches.some((breach) => breach.referee === referee);
}

/** Stops whom it names once a relay has said that it hears a node no more. */
function stopOnItsWord(unit: string, ordinal: number): Sabotage {
  let isDone = false;
  return (commands, simulation, event) => {
    const isSaid = event.kind === 'Observed' && event.observation.replicas.some((one) => one.trouble !== undefined);
    const victim = runningOf(simulation.world, unit).find(({ replica }) => replica === `${unit}/${ordinal}`);
    if (isDone || !isSaid || victim === undefined) return commands;
    isDone = true;
    const { replica, incarnation } = victim;
    return [...commands, plant({ kind: 'StopReplica', replica, incarnation, graceMs: 3_000 })];
  };
}

/** The last that streams is named where the primary stands. */
const misname: Sabotage = (commands) =>
  commands.map((command) => {
    if (command.kind !== 'PublishEndpoints') return command;
    const databases = command.table.databases?.map((one) => ({ ...one, primary: one.readers.at(-1) ?? one.primary }));
    return { ...command, table: { ...command.table, ...(databases && { databases }) } };
  });

/** No answer to what it asks reaches it any more. */
function deafen({ world }: Simulation): void {
  for (const { watch } of world.lodge.relays.values()) {
    const { answered } = watch;
    watch.answered = (asked, isAnswered, nowMs) => !isAnswered && answered.call(watch, asked, isAnswered, nowMs);
  }
}

/** The disks of the standbys have lost what came last, and say otherwise. */
function forget({ world }: Simulation): void {
  for (const disk of world.clusters.get('db')?.disks ?? [])
    if (disk.role === 'standby') disk.log = firstPart(disk.log, disk.log.end - 1_000);
}

test('without a bug nobody complains: a relay that is cut says so, its guests go through the other, and all is well afterwards', () => {
  const { breaches, told, simulation } = play({});
  assert.deepEqual(breaches, []);
  const at = told.findIndex(
    (line) => line.startsWith('opened') && line.includes('nothing comes over the network from db/0'),
  );
  assert.ok(at >= 0 && told.slice(at).some((line) => line.includes('went away without a remedy')), told.join('\n'));
  const places = simulation.world.lodge.clients.map(({ place }) =>
    place.kind === 'led' ? place.guide.term : place.kind,
  );
  assert.deepEqual(places, [2, 2, 2, 2]);
});

test("the referee 'led-astray' catches a table that names somebody nobody promoted", () => {
  assert.ok(isBlamed('led-astray', { sabotage: misname }));
});

test("the referee 'led-astray' catches a primary that lacks what a client was told is safe", () => {
  const { breaches } = play({ afterDeath: forget });
  assert.ok(breaches.some(({ referee, what }) => referee === 'led-astray' && what.includes('lacks')));
});

test("the referee 'led-again' catches a relay that never hears again", () => {
  assert.ok(isBlamed('led-again', { beforeCut: deafen }));
});

for (const [unit, ordinal] of [
  ['relay', 0],
  ['db', 0],
] as const)
  test(`the referee 'lone-word' catches that ${unit}/${ordinal} is stopped because of what a relay says`, () => {
    assert.ok(isBlamed('lone-word', { sabotage: stopOnItsWord(unit, ordinal) }));
  });
