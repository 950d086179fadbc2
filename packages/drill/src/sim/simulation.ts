// A game on the table: world, eye, brain, hands and referees wired to each other and to one diary. Whoever plays it (a seed's
// schedule, a drill script) turns time and causes faults; this file only connects.
import { createRng, type Rng } from '@hale/base';
import type { BrainState } from '@hale/healer';
import type { Command, EventBody, HaleEvent, Observation, Order, UnitSpec } from '@hale/model';
import { type Bench, createCourt } from '../referees/court.ts';
import type { RefereeMaker } from '../referees/referee.ts';
import { type Agenda, createAgenda } from './agenda.ts';
import { type Control, createControl } from './control.ts';
import { lookAtAll, lookEveryMs, lookForChanges } from './eye.ts';
import { createHands } from './hands.ts';
import { createWorld, declareUnits, isQuiet, passTime, servesInPlace, type World } from './world.ts';

/** Changes what the brain commands before anyone acts on it: only canaries do that. */
export type Sabotage = (commands: readonly Command[], simulation: Simulation, event: HaleEvent) => readonly Command[];

export interface Simulation {
  readonly agenda: Agenda;
  readonly world: World;
  readonly control: Control;
  readonly court: Bench;
  readonly rng: Rng;
  readonly release: number;
  /** Called with every command that was given. */
  onCommand: (command: Command) => void;
  declare(units: readonly UnitSpec[]): void;
  order(order: Order): void;
  run(ms: number): void;
  killControl(forMs: number): void;
  killKeeper(forMs: number): void;
  /** Control's loop stands still for `ms`. */
  lag(ms: number): void;
  /** A number that two equal games share. */
  traceHash(): string;
  state(): BrainState;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly units: readonly UnitSpec[];
  readonly referees: readonly RefereeMaker[];
  readonly sabotage?: Sabotage | undefined;
}

/** A brain that wakes itself for ever is stopped here; real games need about half an event a second. */
const stepsAtFirst = 2_000;
const stepsPerMsMax = 0.1;

export function createSimulation(options: SimulationOptions): Simulation {
  const agenda = createAgenda();
  const rng = createRng(options.seed);
  const world = createWorld(agenda, createRng(options.seed ^ 0x5bd1e995));
  const court = createCourt({
    makers: options.referees,
    now: () => agenda.now,
    truth(incarnation) {
      const process = world.processes.get(incarnation);
      if (process === undefined) return undefined;
      return {
        serves: servesInPlace(world, process),
        exists: process.state !== 'exited',
        lastIllAt: process.lastIllAt,
      };
    },
  });
  world.onFact = (fact) => court.database(fact);
  const trace = createTrace();
  let release = 0;
  let units = options.units;
  let orders = 0;
  let dying = false;
  const feed = (event: EventBody) => control.feed(event);
  const hands = createHands(world, (command, result) => feed({ kind: 'CommandFinished', command, result }));
  const control = createControl(agenda, (event, given) => {
    court.event(event);
    if (control.steps > stepsAtFirst + agenda.now * stepsPerMsMax) {
      court.court.blame('no-storm', `${control.steps} events in ${agenda.now} ms: this would never end`);
      return control.kill();
    }
    if (dying) {
      // The story stands in the journal; what was to be done is not done.
      for (const command of given) if (command.kind === 'Tell') court.command(command);
      hands.die();
      return control.kill();
    }
    const commands = options.sabotage?.(given, simulation, event) ?? given;
    for (const command of commands) {
      trace.add(agenda.now, command);
      court.command(command);
      simulation.onCommand(command);
      if (command.kind === 'WakeUp') agenda.after(command.afterMs, () => feed({ kind: 'TimePassed' }));
      else hands.execute(command);
    }
    return undefined;
  });
  const announce = () => {
    declareUnits(world, units);
    feed({ kind: 'SystemDeclared', release, units });
  };
  const sight = createSight(world, rng, (observation) => feed({ kind: 'Observed', observation }));
  const simulation: Simulation = {
    agenda,
    world,
    control,
    court,
    rng,
    get release() {
      return release;
    },
    onCommand: () => {},
    declare(next) {
      units = next;
      release++;
      announce();
    },
    order: (order) => feed({ kind: 'OrderReceived', id: `o${++orders}`, by: 'drill', order }),
    run: (ms) => agenda.runUntil(agenda.now + ms),
    killControl(forMs) {
      if (!control.alive || dying) return;
      // Half of the deaths come between the journal and the hands: what was written down then is not done.
      dying = rng.unit() < 0.5;
      if (!dying) {
        hands.die();
        control.kill();
      }
      agenda.after(forMs, () => {
        dying = false;
        const differs = control.revive(rng.below(2 ** 31));
        if (differs !== undefined) court.court.blame('determinism', differs);
        announce();
        sight.all();
      });
    },
    killKeeper(forMs) {
      world.sky.blind = true;
      for (const process of world.processes.values()) process.orphaned = true;
      agenda.after(forMs, () => {
        world.sky.blind = false;
        sight.all();
      });
    },
    lag(ms) {
      world.sky.blind = true;
      agenda.after(ms, () => {
        world.sky.blind = false;
        feed({ kind: 'ObserverLagged', lagMs: ms });
        sight.changes();
      });
    },
    traceHash: () => trace.text(),
    state: () => control.state,
  };
  feed({ kind: 'LeaderElected', epoch: 1, seed: options.seed });
  simulation.declare(options.units);
  sight.all();
  everyLook(simulation, sight);
  return simulation;
}

function everyLook(simulation: Simulation, sight: Sight): void {
  let looks = 0;
  const look = () => {
    const { world } = simulation;
    const isFull = !world.sky.blind && ++looks % (30_000 / lookEveryMs) === 0;
    if (isFull || !isQuiet(world)) {
      passTime(world);
      if (isFull) sight.all();
      else if (!world.sky.blind) sight.changes();
    }
    simulation.agenda.after(lookEveryMs, look);
  };
  simulation.agenda.after(lookEveryMs, look);
}

interface Sight {
  changes(): void;
  all(): void;
}

/** The way from the eye to the brain: batches may be lost, late or doubled. A full look is never lost for ever: the next one comes. */
function createSight(world: World, rng: Rng, deliver: (observation: Observation) => void): Sight {
  let lastAt = 0;
  const send = (observation: Observation) => {
    const { sky, agenda } = world;
    if (sky.lossRatio > 0 && !observation.full && rng.unit() < sky.lossRatio) return;
    const times = sky.duplicateRatio > 0 && rng.unit() < sky.duplicateRatio ? 2 : 1;
    lastAt = Math.max(lastAt, agenda.now + sky.delayMs);
    const arrive = () => {
      for (let i = 0; i < times; i++) deliver(observation);
    };
    if (lastAt > agenda.now) agenda.after(lastAt - agenda.now, arrive);
    else arrive();
  };
  return {
    changes() {
      const observation = lookForChanges(world);
      if (observation !== undefined) send(observation);
    },
    all: () => send(lookAtAll(world)),
  };
}

/** A rolling FNV-1a over what was commanded and when. */
function createTrace(): { add(now: number, command: Command): void; text(): string } {
  let hash = 0x811c9dc5;
  const mix = (text: string) => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  };
  return {
    add(now, command) {
      hash = Math.imul(hash ^ Math.round(now), 0x01000193);
      mix(command.kind);
      if (command.kind === 'Tell') mix(command.note.text);
      else if ('incarnation' in command) mix(command.incarnation);
    },
    text: () => (hash >>> 0).toString(16).padStart(8, '0'),
  };
}
