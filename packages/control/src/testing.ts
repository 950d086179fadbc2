// Dolls for the tests of this room and of those that build on it: a brain of a few lines that keeps N replicas running, and
// hands that only pretend. Both are as deterministic as the real ones must be.
import type { Command, CommandBody, CommandId, CommandResult, HaleEvent, Incarnation, Observation } from '@hale/model';
import { replicaId } from '@hale/model';
import { buildObservation, buildReplicaObservation } from '@hale/model/testing';
import type { Platform } from '@hale/ports';
import type { Brain } from './brain.ts';

export interface ToyState {
  readonly version: 1;
  readonly epoch: number;
  readonly seed: number;
  readonly release: number;
  readonly wanted: number;
  /** Names of the events folded, newest last, at most 50. */
  readonly heard: readonly string[];
  readonly running: readonly string[];
  readonly commandSeq: number;
}

/** Starts what a full observation misses, tells a line for each, and asks to be woken 1 s after each declaration. */
export const toyBrain: Brain<ToyState> = {
  initialState: () => ({
    version: 1,
    epoch: 0,
    seed: 0,
    release: 0,
    wanted: 0,
    heard: [],
    running: [],
    commandSeq: 0,
  }),
  step(before, event) {
    const state = fold({ ...before, heard: [...before.heard, nameOf(event)].slice(-50) }, event);
    const commands: Command[] = [];
    let { commandSeq } = state;
    const give = (body: CommandBody, reason: string) => {
      const id = `${state.epoch}.${++commandSeq}` as CommandId;
      commands.push({ id, epoch: state.epoch, at: event.at, deadlineMs: 1000, reason, incident: undefined, ...body });
    };
    if (event.kind === 'SystemDeclared') give({ kind: 'WakeUp', afterMs: 1000 }, 'look again');
    if (event.kind === 'Observed' && event.observation.full) {
      for (let ordinal = 0; ordinal < state.wanted; ordinal++) {
        const replica = replicaId('orders', ordinal);
        if (state.running.includes(replica)) continue;
        const incarnation = `life-${state.epoch}-${commandSeq}` as Incarnation;
        const text = `${replica} is missing: starting it`;
        give({ kind: 'Tell', note: { kind: 'started', unit: 'orders', replica, text } }, text);
        give({ kind: 'StartReplica', replica, incarnation, release: state.release, zone: 'a' }, text);
      }
    }
    return { state: { ...state, commandSeq }, commands };
  },
  viewOf: (state, identity) => ({
    ...identity,
    release: state.release,
    epoch: state.epoch,
    at: { wall: 0, mono: 0, bootId: '' },
    state: state.running.length >= state.wanted ? 'healthy' : 'healing',
    zonesSimulated: true,
    units: [],
    replicas: [],
    incidents: [],
    budget: { used: 0, max: 10, windowMs: 60_000 },
  }),
  restoreState(json) {
    const state = JSON.parse(json) as ToyState;
    return state.version === 1 ? state : undefined;
  },
};

const nameOf = (event: HaleEvent) =>
  event.kind === 'CommandFinished' ? `${event.kind} ${event.command} ${event.result.kind}` : event.kind;

function fold(state: ToyState, event: HaleEvent): ToyState {
  if (event.kind === 'LeaderElected') return { ...state, epoch: event.epoch, seed: event.seed, commandSeq: 0 };
  if (event.kind === 'SystemDeclared') {
    return { ...state, release: event.release, wanted: event.units.reduce((sum, unit) => sum + unit.replicas, 0) };
  }
  if (event.kind === 'Observed') {
    const running = event.observation.replicas
      .filter((seen) => seen.process.kind === 'running')
      .map((seen) => seen.replica as string);
    return { ...state, running: event.observation.full ? running : [...new Set([...state.running, ...running])] };
  }
  return state;
}

export interface FakePlatform extends Platform {
  readonly executed: readonly Command[];
  readonly declared: readonly number[];
  readonly running: ReadonlySet<string>;
  readonly released: boolean;
  /** Reports what runs, as the real one does every 30 s. */
  reportAll(): void;
  report(observation: Observation): void;
  /** A replica dies. */
  kill(replica: string): void;
  /** What execute answers from now on; 'never' leaves commands hanging. */
  answer(how: CommandResult | 'never' | Error): void;
}

export function createFakePlatform(): FakePlatform {
  const executed: Command[] = [];
  const declared: number[] = [];
  const running = new Set<string>();
  let sink: ((observation: Observation) => void) | undefined;
  let how: CommandResult | 'never' | Error = { kind: 'done' };
  let released = false;
  const reportAll = () => {
    const seen = [...running].map((replica, index) =>
      buildReplicaObservation({ replica: replica as never, incarnation: `seen-${index}` as Incarnation }),
    );
    sink?.(buildObservation(seen));
  };
  return {
    capabilities: { restartsOnExit: false, ownsLiveness: false, canFence: true, surge: true },
    executed,
    declared,
    running,
    get released() {
      return released;
    },
    declare: async (_spec, release) => void declared.push(release),
    observe(to) {
      sink = to;
      reportAll();
      return () => {
        sink = undefined;
      };
    },
    execute(command) {
      executed.push(command);
      if (how instanceof Error) return Promise.reject(how);
      if (how === 'never') return new Promise(() => {});
      if (command.kind === 'StartReplica') running.add(command.replica);
      if (command.kind === 'StopReplica') running.delete(command.replica);
      return Promise.resolve(how);
    },
    release: async () => {
      released = true;
    },
    reportAll,
    report: (observation) => sink?.(observation),
    kill(replica) {
      running.delete(replica);
      reportAll();
    },
    answer(next) {
      how = next;
    },
  };
}
