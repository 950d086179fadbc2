// A game on the table: world, eye, brain, hands and referees wired to each other and to one diary. Whoever plays it (a seed's
// schedule, a drill script) turns time and causes faults; this file only connects.
import { createRng, type Rng } from '@hale/base';
import type { Inbox } from '@hale/control/ring';
import type { BrainState } from '@hale/healer';
import type { Command, CommandId, HaleEvent, Observation, Order, UnitSpec } from '@hale/model';
import { type Bench, createCourt } from '../referees/court.ts';
import type { RefereeMaker } from '../referees/referee.ts';
import { type Agenda, createAgenda } from './agenda.ts';
import { type Control, createControl } from './control.ts';
import { createHands } from './hands.ts';
import { createLodge } from './relay/lodge.ts';
import { keepRounds } from './relay/rounds.ts';
import { createSight, keepLooking } from './sight.ts';
import { createWorld, declareUnits, servesInPlace, type World } from './world.ts';

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
  /** Called with what befalls the ring of the control room: how it ended, words that melted, a full disk. */
  onRing: (what: string) => void;
  declare(units: readonly UnitSpec[]): void;
  order(order: Order): void;
  run(ms: number): void;
  killControl(forMs: number): void;
  /** Control hands over in an orderly way; another comes after `forMs`. */
  relieveControl(forMs: number): void;
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
  /** Another letter box than the real one: only canaries do that. */
  readonly newInbox?: (() => Inbox) | undefined;
  /** The control room acts without its lease: only canaries do that. */
  readonly isLawless?: boolean | undefined;
}

/** A brain that wakes itself for ever is stopped here; real games need about half an event a second. */
const stepsAtFirst = 2_000;
const stepsPerMsMax = 0.1;

export function createSimulation(options: SimulationOptions): Simulation {
  const agenda = createAgenda();
  const rng = createRng(options.seed);
  const world = createWorld(agenda, createRng(options.seed ^ 0x5bd1e995), createLodge(options.seed ^ 0x4cf5ad43));
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
  let orders = 0;
  let isEndless = false;
  let restartAfterMs = 0;
  let sink: ((observation: Observation) => void) | undefined;
  const sight = createSight(world, rng, (observation) => sink?.(observation));
  const hands = createHands(world, (command, result) => control.answer(command, result));
  const written = new Set<CommandId>();
  const restart = () => {
    if (control.alive || isEndless) return;
    const differs = control.start(rng.below(2 ** 31));
    if (differs !== undefined) court.court.blame('determinism', differs);
  };
  const control = createControl({
    agenda,
    meddle: (commands, event) => options.sabotage?.(commands, simulation, event) ?? commands,
    onWritten(event, commands, mayLead) {
      court.event(event);
      if (control.steps > stepsAtFirst + agenda.now * stepsPerMsMax) {
        court.court.blame('no-storm', `${control.steps} events in ${agenda.now} ms: this would never end`);
        isEndless = true;
        return control.killWriting();
      }
      for (const command of commands) {
        if (!mayLead && isDeed(command)) court.court.blame('lease', `${command.kind} of one that leads no more`);
        written.add(command.id);
        trace.add(agenda.now, command);
        court.command(command);
        simulation.onCommand(command);
      }
      return undefined;
    },
    execute(command) {
      if (!written.has(command.id)) court.court.blame('journal-first', `${command.kind} is done and not written down`);
      hands.execute(command);
    },
    observe(to) {
      sink = to;
      sight.all();
    },
    onTold: (observation) => court.told(observation),
    onRing: (what) => simulation.onRing(what),
    onEnded(how) {
      sink = undefined;
      hands.die();
      court.relieved();
      if (how === 'robbed of its lease') restartAfterMs = 200 + rng.below(1_800);
      agenda.after(restartAfterMs, restart);
    },
    newInbox: options.newInbox,
    isLawless: options.isLawless,
  });
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
    onRing: () => {},
    declare(units) {
      release++;
      declareUnits(world, units);
      control.declare({ release, units });
    },
    order: (order) => control.order({ kind: 'OrderReceived', id: `o${++orders}`, by: 'drill', order }),
    run: (ms) => agenda.runUntil(agenda.now + ms),
    killControl(forMs) {
      if (!control.alive) return;
      restartAfterMs = forMs;
      // Half of the deaths come between the book and the hands: what was written down then is not done.
      if (rng.unit() < 0.5) return control.kill();
      control.killWriting();
      agenda.after(forMs, control.killIfDying);
    },
    relieveControl(forMs) {
      restartAfterMs = forMs;
      control.handOver();
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
      control.occupy(ms, true);
      agenda.after(ms, () => {
        world.sky.blind = false;
        sight.changes();
      });
    },
    traceHash: () => trace.text(),
    state: () => control.state,
  };
  simulation.declare(options.units);
  control.start(options.seed);
  keepLooking(world, sight);
  if (options.units.some(({ role }) => role === 'relay')) keepRounds(world);
  return simulation;
}

const isDeed = ({ kind }: Command) => kind !== 'Tell' && kind !== 'WakeUp';

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
