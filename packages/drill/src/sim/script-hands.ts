// The simulator's hands for drill scripts: what the script breaks is broken in the virtual world, and waiting is turning its clock. Also
// keeps the conversation: every line that was told, which the goldens hold.
import { viewOf } from '@hale/healer';
import type { ReplicaId, SystemView } from '@hale/model';
import { drillError } from '../errors.ts';
import { allReferees } from '../referees/index.ts';
import type { Breach } from '../referees/referee.ts';
import { victimsOf } from '../script/draw.ts';
import type { DrillHands } from '../script/hands.ts';
import type { DrillAction } from '../script/language.ts';
import { blockFor, stopFor } from './faults.ts';
import type { VirtualProcess } from './process.ts';
import { createSimulation, type Simulation } from './simulation.ts';
import { buildShop } from './systems.ts';
import { end, runningOf } from './world.ts';

export interface SimulatedDrill extends DrillHands {
  readonly breaches: readonly Breach[];
  /** What was told since the drill began, a line each: seconds, kind, sentence. */
  conversation(): readonly string[];
}

const warmUpMs = 20_000;

/** A simulated shop that is up, ready for a script; its database has so many standbys. */
export function createSimulatedDrill(seed: number, standbys = 0): SimulatedDrill {
  const simulation = createSimulation({ seed, units: buildShop(standbys), referees: allReferees });
  simulation.run(warmUpMs);
  const lines: string[] = [];
  simulation.onCommand = (command) => {
    if (command.kind !== 'Tell') return;
    const seconds = ((simulation.agenda.now - warmUpMs) / 1_000).toFixed(2).padStart(7);
    lines.push(`${seconds}s  ${command.note.kind.padEnd(9)}  ${command.note.text}`);
  };
  return {
    platform: 'simulated',
    seed,
    lookEveryMs: 250,
    mayTakeMs: (withinMs) => withinMs,
    breaches: simulation.court.breaches,
    now: () => simulation.agenda.now,
    begin: async () => {},
    async perform(action) {
      if (action.kind === 'strike-primary') strike(simulation, seed, action);
      else perform(simulation, action);
      return simulation.agenda.now;
    },
    isInterrupted: () => false,
    wait: async (ms) => simulation.run(ms),
    view: async () => (simulation.control.alive ? viewNow(simulation) : undefined),
    finish: async () => undefined,
    undo: async () => {},
    conversation: () => lines,
  };
}

function viewNow(simulation: Simulation): SystemView {
  return viewOf(simulation.state(), { system: 'shop', id: 'sim', zones: ['a', 'b'] });
}

function strike(simulation: Simulation, seed: number, action: Extract<DrillAction, { kind: 'strike-primary' }>): void {
  for (const replica of victimsOf(action, seed, viewNow(simulation))) {
    const victim = find(simulation, replica);
    if (action.how === 'stop') stopFor(simulation, victim, Number.POSITIVE_INFINITY);
    else end(simulation.world, victim, { code: undefined, signal: 'SIGKILL' });
  }
}

function perform(simulation: Simulation, action: Exclude<DrillAction, { kind: 'strike-primary' }>): void {
  const { world, agenda } = simulation;
  const { sky } = world;
  const until = (forMs: number, undo: () => void) => agenda.after(forMs, undo);
  switch (action.kind) {
    case 'kill':
      end(world, find(simulation, action.replica), { code: undefined, signal: action.signal });
      return;
    case 'exit':
      end(world, find(simulation, action.replica), { code: action.code, signal: undefined });
      return;
    case 'stop':
      stopFor(simulation, find(simulation, action.replica), Number.POSITIVE_INFINITY);
      return;
    case 'block':
      blockFor(simulation, find(simulation, action.replica), action.forMs);
      return;
    case 'kill-every':
      for (const one of runningOf(world, action.unit)) end(world, one, { code: undefined, signal: 'SIGKILL' });
      return;
    case 'kill-control':
      simulation.killControl(300);
      return;
    case 'kill-keeper':
      simulation.killKeeper(500);
      return;
    case 'crash-loop':
      sky.crashing.add(action.replica);
      until(action.forMs, () => sky.crashing.delete(action.replica));
      end(world, find(simulation, action.replica), { code: 1, signal: undefined });
      return;
    case 'slow-start':
      sky.stuckStart.add(action.replica);
      until(action.forMs, () => sky.stuckStart.delete(action.replica));
      end(world, find(simulation, action.replica), { code: undefined, signal: 'SIGKILL' });
      return;
    case 'bad-probe':
      sky.probesLie.add(action.unit);
      until(action.forMs, () => sky.probesLie.delete(action.unit));
      return;
    case 'restart':
      simulation.order({ kind: 'restart', unit: action.unit, replica: undefined });
      return;
  }
}

function find(simulation: Simulation, replica: ReplicaId): VirtualProcess {
  const found = runningOf(simulation.world).find((one) => one.replica === replica);
  if (found !== undefined) return found;
  throw drillError('HALE_DRILL_NO_REPLICA', `${replica} does not run in this drill`);
}
