// One game: a seed's system under a seed's fate, watched by all referees. Equal seeds give equal games, to the last command.
import { createRng } from '@hale/base';
import type { Inbox } from '@hale/control/ring';
import { viewOf } from '@hale/healer';
import type { Command } from '@hale/model';
import { allReferees } from '../referees/index.ts';
import type { Breach } from '../referees/referee.ts';
import { isInPlace, primaryOf } from './cluster/disk.ts';
import { reallyServes } from './process.ts';
import { clusterOf } from './relay/lodge.ts';
import {
  drawControlTrouble,
  drawDatabaseTrouble,
  drawLonelyTrouble,
  drawRelayTrouble,
  drawSchedule,
  enterSchedule,
  gameMs,
} from './schedule.ts';
import { createSimulation, type Sabotage, type Simulation } from './simulation.ts';
import { drawStandbys, drawSystem, drawTemper, type Temper, withRelays } from './systems.ts';
import { createTally, type Tally } from './tally.ts';
import { runningOf } from './world.ts';

export interface GameResult {
  readonly seed: number;
  readonly traceHash: string;
  readonly steps: number;
  readonly breaches: readonly Breach[];
  readonly tally: Tally;
}

export interface GameOptions {
  readonly seed: number;
  /** How many standbys the database has; the seed's dice decide otherwise. */
  readonly standbys?: number | undefined;
  /** What the database is declared to be besides; the seed's dice decide otherwise. */
  readonly temper?: Temper | undefined;
  /** False: nothing stands before a database of several nodes, as in games from before there were relays. */
  readonly relays?: boolean | undefined;
  readonly sabotage?: Sabotage | undefined;
  /** Another letter box than the real one: only canaries do that. */
  readonly newInbox?: (() => Inbox) | undefined;
  readonly onCommand?: ((command: Command, now: number) => void) | undefined;
}

export function playGame(options: GameOptions): GameResult {
  const { seed } = options;
  const standbys = options.standbys ?? drawStandbys(seed);
  const temper = options.temper ?? drawTemper(seed);
  const drawn = drawSystem(createRng(seed ^ 0x68e31da4), standbys, temper);
  const units = options.relays === false ? drawn : withRelays(drawn);
  const simulation = createSimulation({
    seed,
    units,
    referees: allReferees,
    sabotage: options.sabotage,
    newInbox: options.newInbox,
  });
  const tally = createTally();
  simulation.world.lodge.onMoment = (what) => tally.add(`relay ${what}`);
  simulation.onRing = (what) => tally.add(`ring ${what}`);
  simulation.onCommand = (command) => {
    tally.command(command);
    options.onCommand?.(command, simulation.agenda.now);
  };
  const usual = drawSchedule(seed);
  const planned = [
    ...usual,
    ...drawControlTrouble(seed, usual),
    ...(standbys === 0 ? [] : drawDatabaseTrouble(seed, usual)),
    ...(standbys > 0 && (temper.mayGoAlone || temper.distant) ? drawLonelyTrouble(seed, usual) : []),
    ...(units === drawn ? [] : drawRelayTrouble(seed, usual)),
  ];
  for (const { what } of planned) tally.add(`fault ${what}`);
  enterSchedule(simulation, planned, units);
  simulation.run(gameMs);
  simulation.court.finish();
  judgeEnd(simulation);
  tally.state(simulation.state());
  return {
    seed,
    traceHash: simulation.traceHash(),
    steps: simulation.control.steps,
    breaches: simulation.court.breaches,
    tally: tally.counts,
  };
}

/** Faults are over for minutes: everything wanted serves in truth, and nothing is left open. */
function judgeEnd(simulation: Simulation): void {
  const { court } = simulation.court;
  const view = viewOf(simulation.state(), { system: 'sim', id: 'sim', zones: [] });
  if (view.state !== 'healthy') {
    const why = view.units
      .filter((unit) => unit.state !== 'healthy')
      .map((unit) => `${unit.unit} is ${unit.state}: ${unit.why}`);
    court.blame('convergence', `at the end the system is ${view.state} (${why.join('; ')})`);
  }
  for (const [unit, wanted] of court.wanted) {
    const serving = new Set(
      runningOf(simulation.world, unit)
        .filter(reallyServes)
        .map((one) => one.replica),
    ).size;
    const running = runningOf(simulation.world, unit).length;
    if (serving !== wanted) court.blame('convergence', `at the end ${serving} of ${unit} serve, ${wanted} are wanted`);
    if (running > wanted) court.blame('convergence', `at the end ${running} of ${unit} run, ${wanted} are wanted`);
  }
  for (const cluster of simulation.world.clusters.values()) {
    const astray = cluster.disks.filter((disk) => !isInPlace(cluster, disk, simulation.agenda.now));
    for (const { replica } of astray) court.blame('convergence', `at the end ${replica} neither writes nor copies`);
  }
  judgeRelays(simulation);
  for (const incident of view.incidents) {
    if (incident.outcome === 'open') court.blame('closing', `incident still open at the end: ${incident.title}`);
    if (incident.evidence.length < 2)
      court.blame('closing', `incident with ${incident.evidence.length} piece of evidence: ${incident.title}`);
  }
}

/** Every relay leads to the primary, hears everybody, and everybody is with it. */
function judgeRelays({ world, court }: Simulation): void {
  const cluster = clusterOf(world);
  const primary = cluster && primaryOf(cluster);
  const { relays, clients } = world.lodge;
  for (const { process, way, trouble } of relays.values()) {
    const leads = way.primary?.replica ?? 'nobody';
    if (leads !== primary?.replica || way.term !== primary.term || trouble !== undefined)
      court.court.blame('convergence', `at the end ${process.replica} leads to ${leads}: ${trouble ?? 'it hears all'}`);
  }
  if (relays.size === 0) return;
  for (const { place, purpose } of clients)
    if (place.kind !== 'led' || (purpose === 'write' && place.guide.node.replica !== primary?.replica))
      court.court.blame('convergence', `at the end a client who wants to ${purpose} is ${place.kind}`);
}
