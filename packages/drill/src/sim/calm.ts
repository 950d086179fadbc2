// A long day on which nothing is wrong, only slow: every loop lags by 800 ms, and every few seconds somebody pauses for up to two
// seconds (a collection of garbage, a large JSON). Whoever kills here is wrong.
import { allReferees } from '../referees/index.ts';
import type { Breach } from '../referees/referee.ts';
import { blockFor, pick } from './faults.ts';
import { createSimulation } from './simulation.ts';
import { buildShop } from './systems.ts';
import { runningOf } from './world.ts';

const hourMs = 3_600_000;

export interface CalmResult {
  readonly pauses: number;
  /** Stops of any kind that were ordered. */
  readonly kills: number;
  readonly starts: number;
  readonly suspicions: number;
  readonly breaches: readonly Breach[];
}

export function playCalm(options: { seed: number; hours: number }): CalmResult {
  const simulation = createSimulation({ seed: options.seed, units: buildShop(), referees: allReferees });
  simulation.run(30_000);
  const counts = { pauses: 0, kills: 0, starts: 0, suspicions: 0 };
  simulation.onCommand = (command) => {
    if (command.kind === 'StopReplica') counts.kills++;
    if (command.kind === 'StartReplica') counts.starts++;
    if (command.kind === 'Tell' && command.note.kind === 'suspected') counts.suspicions++;
  };
  const { agenda, rng, world } = simulation;
  const until = agenda.now + options.hours * hourMs;
  const pause = () => {
    const victim = pick(simulation, runningOf(world));
    if (victim !== undefined) {
      blockFor(simulation, victim, rng.unit() < 0.5 ? 800 : 800 + rng.below(1_200));
      counts.pauses++;
    }
    if (agenda.now < until) agenda.after(1_000 + rng.below(9_000), pause);
  };
  pause();
  simulation.run(options.hours * hourMs);
  return { ...counts, breaches: simulation.court.breaches };
}
