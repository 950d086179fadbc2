// The hands that play a drill script on a system that runs: real signals to real processes, knocks at fault doors, a real crowd at the
// gateway. What the simulator's hands (sim/script-hands.ts) do to virtual processes, these do to pids.
import type { Clock } from '@hale/base';
import type { ReplicaId, ReplicaView, SystemView } from '@hale/model';
import { drillError } from '../errors.ts';
import { victimsOf } from '../script/draw.ts';
import type { DrillHands } from '../script/hands.ts';
import type { DrillAction } from '../script/language.ts';
import { createCrowd, pause } from './crowd.ts';
import type { LiveHands } from './hands.ts';
import type { LoadPlan } from './load/plan.ts';

export interface LiveDrillOptions {
  readonly hands: LiveHands;
  readonly clock: Clock;
  readonly seed: number;
  readonly plan: LoadPlan;
  /** Requests a second instead of what the script says. */
  readonly rps: number | undefined;
  /** Aborted: a person wants no more. */
  readonly signal: AbortSignal;
  /** Told what was just done, for whoever tells the story. */
  readonly onAction?: ((action: DrillAction) => void) | undefined;
}

const lookEveryMs = 40;
const patience = 3;
const patienceMs = 15_000;
/** A probe that lies is put right by hand when its time is over; no earlier than this much past it. */
const marginMs = 50;

export function createLiveDrill(options: LiveDrillOptions): DrillHands {
  const { hands, clock, seed, signal } = options;
  const crowd = createCrowd(options);
  const undoing: (() => Promise<void> | void)[] = [];
  const scene: Scene = { hands, clock, seed, undoing };
  return {
    platform: hands.platform,
    seed,
    lookEveryMs,
    mayTakeMs: (withinMs) => Math.max(withinMs * patience, patienceMs),
    now: () => clock.mono(),
    begin: (script) => crowd.gather(options.rps ?? script.loadPerSecond),
    async perform(action) {
      await crowd.strike();
      const at = await perform(scene, action);
      options.onAction?.(action);
      return at;
    },
    wait: (ms) => pause(clock, ms, signal),
    isInterrupted: () => signal.aborted,
    view: () => hands.view(),
    finish: () => crowd.leave(),
    async undo() {
      crowd.kill();
      for (const undo of undoing.splice(0).reverse()) await undo();
    },
  };
}

interface Scene {
  readonly hands: LiveHands;
  readonly clock: Clock;
  readonly seed: number;
  readonly undoing: (() => Promise<void> | void)[];
}

/** Gives the moment it was done. */
async function perform(scene: Scene, action: DrillAction): Promise<number> {
  const { hands, clock } = scene;
  const view = await hands.view();
  if (view === undefined) throw drillError('HALE_DRILL_NOT_HEALTHY', 'the control room does not answer');
  const replicas = view.replicas.filter((one) => one.pid !== undefined);
  const now = () => clock.mono();
  switch (action.kind) {
    case 'kill':
      return strikeAll(scene, [find(replicas, action.replica)], action.signal);
    case 'kill-every':
      return strikeAll(
        scene,
        replicas.filter((one) => one.unit === action.unit),
        'SIGKILL',
      );
    case 'strike-primary':
      return strikePrimary(scene, view, action);
    case 'stop':
      return freeze(scene, find(replicas, action.replica));
    case 'exit':
      await hands.knock(portOf(find(replicas, action.replica)), `exit?code=${action.code}`);
      return now();
    case 'block':
      await hands.knock(portOf(find(replicas, action.replica)), `block?ms=${action.forMs}`);
      return now();
    case 'kill-control':
      return killOwn(scene, hands.controlPid(), 'the control room');
    case 'kill-keeper':
      return killOwn(scene, hands.keeperPid(), 'the keeper');
    case 'crash-loop':
    case 'slow-start':
      return haunt(scene, find(replicas, action.replica), action);
    case 'bad-probe':
      return lie(scene, view, action);
    case 'restart':
      await hands.order({ kind: 'restart', unit: action.unit, replica: undefined });
      return now();
  }
}

function strikeAll({ hands, clock }: Scene, victims: readonly ReplicaView[], signal: string): number {
  const at = clock.mono();
  for (const one of victims) hands.signal(pidOf(one), signal);
  return at;
}

function strikePrimary(
  scene: Scene,
  view: SystemView,
  action: Extract<DrillAction, { kind: 'strike-primary' }>,
): number {
  const victims = victimsOf(action, scene.seed, view).map((replica) => find(view.replicas, replica));
  const [primary] = victims;
  if (action.how === 'stop' && primary !== undefined) return freeze(scene, primary);
  return strikeAll(scene, victims, 'SIGKILL');
}

/** Whoever is still frozen at the end (the healer did not replace it) is let go. */
function freeze(scene: Scene, victim: ReplicaView): number {
  scene.undoing.push(async () => {
    const view = await scene.hands.view();
    if (view?.replicas.some((one) => one.pid === victim.pid)) scene.hands.signal(pidOf(victim), 'SIGCONT');
  });
  return strikeAll(scene, [victim], 'SIGSTOP');
}

function killOwn({ hands, clock }: Scene, pid: number | undefined, who: string): number {
  if (pid === undefined) throw drillError('HALE_DRILL_NO_REPLICA', `${who} does not run`);
  const at = clock.mono();
  hands.signal(pid, 'SIGKILL');
  return at;
}

/** New lives read the note; the old one is ended. A program without doors would simply be healed, so it is asked first. */
async function haunt(
  scene: Scene,
  victim: ReplicaView,
  action: Extract<DrillAction, { kind: 'crash-loop' | 'slow-start' }>,
): Promise<number> {
  const { hands, clock } = scene;
  await hands.knock(portOf(victim), 'ping');
  const mode = action.kind === 'crash-loop' ? 'crash' : 'stuck';
  scene.undoing.push(() => hands.leaveNote(undefined));
  hands.leaveNote({ whom: action.replica, mode, untilWallMs: clock.wall() + action.forMs });
  return strikeAll(scene, [victim], 'SIGKILL');
}

/** Every door of the unit (or of all that have one) is told that its probe shall fail; new lives read it in the note. */
async function lie(
  scene: Scene,
  { replicas, units }: SystemView,
  action: Extract<DrillAction, { kind: 'bad-probe' }>,
): Promise<number> {
  const { hands, clock } = scene;
  // Gateway workers and databases have no doors of this kind.
  const meant = units.filter((one) => (action.unit === 'all' ? one.role === 'service' : one.unit === action.unit));
  const liars = replicas.filter((one) => one.phase === 'serving' && meant.some(({ unit }) => unit === one.unit));
  const tell = (fault: string) => Promise.allSettled(liars.map((one) => hands.knock(portOf(one), fault)));
  scene.undoing.push(async () => {
    hands.leaveNote(undefined);
    await tell('badprobe?off');
  });
  const at = clock.mono();
  hands.leaveNote({ whom: action.unit, mode: 'bad-probe', untilWallMs: clock.wall() + action.forMs });
  const told = await tell(`badprobe?ms=${action.forMs + marginMs}`);
  const heard = told.filter((one) => one.status === 'fulfilled').length;
  const refusal = told.find((one) => one.status === 'rejected');
  if (heard === 0 || (action.unit !== 'all' && refusal !== undefined)) {
    throw refusal?.reason ?? drillError('HALE_DRILL_NO_REPLICA', `nothing of ${action.unit} runs`);
  }
  return at;
}

function find(replicas: readonly ReplicaView[], replica: ReplicaId): ReplicaView {
  const found = replicas.find((one) => one.replica === replica);
  if (found !== undefined) return found;
  throw drillError('HALE_DRILL_NO_REPLICA', `${replica} does not run`);
}

function pidOf(replica: ReplicaView): number {
  if (replica.pid !== undefined) return replica.pid;
  throw drillError('HALE_DRILL_NO_REPLICA', `${replica.replica} has no process`);
}

function portOf(replica: ReplicaView): number {
  if (replica.port !== undefined) return replica.port;
  throw drillError('HALE_DRILL_DOOR_CLOSED', `${replica.replica} has no port of its own to knock at`);
}
