// A long day on which nothing is wrong, only slow: every loop lags by 800 ms, and every few seconds somebody pauses for up to two
// seconds (a collection of garbage, a large JSON), is not scheduled for as long, or a standby is out of reach for a moment; every ten
// minutes the host is busy for one. The database has standbys, and clients write all day; how far its standbys are behind, and how long its nodes take
// to answer, was recorded at a living one under load and is played again. Whoever kills here is wrong, and so is whoever gives the database another
// primary, or lets it go on alone although it may, or takes a client from it.
import { allReferees } from '../referees/index.ts';
import type { Breach } from '../referees/referee.ts';
import { primaryOf } from './cluster/disk.ts';
import { replayRecorded } from './cluster/replay.ts';
import { blockFor, pick, stopFor } from './faults.ts';
import { createSimulation, type Simulation } from './simulation.ts';
import { buildShop, withRelays } from './systems.ts';
import { runningOf } from './world.ts';

const hourMs = 3_600_000;
const standbys = 2;
const temper = { mayGoAlone: true, distant: false };
const [busyMs, idleMs] = [60_000, 540_000];

/** What a relay does to its guests, or they suffer there (relay/clients.ts). */
const lost = ['cut', 'cut for silence', 'sent away', 'node gone', 'severed', 'left a standby'];

export interface CalmResult {
  readonly pauses: number;
  /** Stops of any kind that were ordered. */
  readonly kills: number;
  readonly starts: number;
  readonly suspicions: number;
  /** Changes of a database's primary that were begun, and times that it was to go on alone. */
  readonly failovers: number;
  /** How often a client who writes lost its connection to the database or was sent away, and how many are with it at the end. */
  readonly clientsLost: number;
  readonly clientsLed: number;
  /** Commits that were acknowledged. */
  readonly acknowledged: number;
  readonly breaches: readonly Breach[];
}

export function playCalm(options: { seed: number; hours: number }): CalmResult {
  const simulation = createSimulation({
    seed: options.seed,
    units: withRelays(buildShop(standbys, temper)),
    referees: allReferees,
  });
  for (const cluster of simulation.world.clusters.values()) cluster.lateness = replayRecorded();
  simulation.run(30_000);
  const counts = { pauses: 0, kills: 0, starts: 0, suspicions: 0, failovers: 0, clientsLost: 0 };
  simulation.world.lodge.onMoment = (what) => {
    if (lost.includes(what)) counts.clientsLost++;
  };
  simulation.onCommand = (command) => {
    if (command.kind === 'StopReplica') counts.kills++;
    if (command.kind === 'StartReplica') counts.starts++;
    if (command.kind === 'PromoteStandby' || command.kind === 'FenceStandby') counts.failovers++;
    if (command.kind === 'Tell' && command.note.kind === 'suspected') counts.suspicions++;
  };
  const { agenda, rng, world } = simulation;
  const until = agenda.now + options.hours * hourMs;
  const pause = () => {
    const victim = pick(simulation, runningOf(world));
    const dice = rng.unit();
    if (victim !== undefined && dice < 0.45) blockFor(simulation, victim, 800);
    else if (victim !== undefined && dice < 0.85) blockFor(simulation, victim, 800 + rng.below(1_200));
    else if (victim !== undefined && dice < 0.95) stopFor(simulation, victim, 200 + rng.below(1_800));
    else cutFor(simulation, 200 + rng.below(1_800));
    counts.pauses++;
    if (agenda.now < until) agenda.after(1_000 + rng.below(9_000), pause);
  };
  const work = () => {
    world.sky.hostBusy = !world.sky.hostBusy;
    if (agenda.now < until) agenda.after(world.sky.hostBusy ? busyMs : idleMs, work);
  };
  pause();
  agenda.after(idleMs, work);
  simulation.run(options.hours * hourMs);
  const acknowledged = Math.max(
    ...[...world.clusters.values()].flatMap((cluster) => [...cluster.acknowledged.values()]),
  );
  const clientsLed = simulation.world.lodge.clients.filter(({ place }) => place.kind === 'led').length;
  return { ...counts, clientsLed, acknowledged, breaches: simulation.court.breaches };
}

/** Some node of the database is out of the others' reach: now and then it is the primary. */
function cutFor(simulation: Simulation, ms: number): void {
  const { world, agenda, rng } = simulation;
  const [cluster] = world.clusters.values();
  const disk = rng.unit() < 0.3 ? cluster && primaryOf(cluster) : pick(simulation, cluster?.disks ?? []);
  if (disk !== undefined) disk.cutUntil = agenda.now + ms;
  world.stirred = true;
}
