// The programme of live drills: each breaks one thing on purpose and says how it must end. The faults are real ones: signals
// to real processes, a loop that really spins.
import type { ReplicaView, SystemView } from '@hale/model';
import type { LiveHands } from './hands.ts';

/** How a drill ends well. */
export type Ending =
  /** an incident about the target is closed as healed and everything serves again */
  | 'healed'
  /** a new control room leads and the same replicas run */
  | 'adopted'
  /** every replica of the target is a new one and serves */
  | 'rolled'
  /** a person was asked and the unit is held */
  | 'held'
  /** the observer or a shared dependency is blamed, and nobody was touched */
  | 'blamed-observer';

export interface Scene {
  readonly hands: LiveHands;
  readonly view: SystemView;
  /** The service that is drilled. */
  readonly unit: string;
  /** Drawn by the drill's seed among the replicas of the unit that serve. */
  readonly victim: ReplicaView;
  readonly replicas: readonly ReplicaView[];
}

export interface LiveDrill {
  readonly name: string;
  readonly about: string;
  readonly ending: Ending;
  /** Bound on the whole wait for the ending. */
  readonly withinMs: number;
  /** 'service': the system's drilled service; otherwise that unit. */
  readonly target: 'service' | 'gateway';
  /** Whether connections of the target may be cut with it (counted apart as severed). */
  readonly maySever: boolean;
  /** Breaks it; gives the replicas it broke. */
  readonly strike: (scene: Scene) => Promise<readonly ReplicaView[]>;
  /** Undoes what would not go away by itself. */
  readonly undo?: (scene: Scene) => Promise<void>;
}

const pidOf = (replica: ReplicaView): number => {
  if (replica.pid === undefined) throw new Error(`${replica.replica} has no process`);
  return replica.pid;
};

const knock = async (scene: Scene, fault: string): Promise<readonly ReplicaView[]> => {
  await scene.hands.knock(scene.victim.port ?? 0, fault);
  return [scene.victim];
};

const signalVictim =
  (signal: 'SIGKILL' | 'SIGSTOP') =>
  async ({ hands, victim }: Scene): Promise<readonly ReplicaView[]> => {
    hands.signal(pidOf(victim), signal);
    return [victim];
  };

const signalOwn = (who: 'controlPid' | 'keeperPid') => async (scene: Scene) => {
  const pid = scene.hands[who]();
  if (pid !== undefined) scene.hands.signal(pid, 'SIGKILL');
  return [];
};

const service = { target: 'service', maySever: false, ending: 'healed' } as const;

export const liveDrills: readonly LiveDrill[] = [
  { ...service, name: 'crash', about: 'SIGKILL to one replica', withinMs: 15_000, strike: signalVictim('SIGKILL') },
  {
    ...service,
    name: 'exit',
    about: 'one replica leaves with code 1',
    withinMs: 15_000,
    strike: (s) => knock(s, 'exit?code=1'),
  },
  { ...service, name: 'hang', about: 'SIGSTOP to one replica', withinMs: 20_000, strike: signalVictim('SIGSTOP') },
  {
    ...service,
    name: 'block',
    about: 'while(true) in one replica',
    withinMs: 20_000,
    strike: (s) => knock(s, 'block?ms=600000'),
  },
  {
    ...service,
    name: 'rolling-restart',
    about: 'every replica is replaced, one after the other',
    ending: 'rolled',
    withinMs: 60_000,
    strike: async ({ hands, unit }) => {
      await hands.order({ kind: 'restart', unit, replica: undefined });
      return [];
    },
  },
  {
    ...service,
    name: 'all-replicas-killed',
    about: 'SIGKILL to every replica of a service at once',
    withinMs: 30_000,
    strike: async ({ hands, replicas }) => {
      for (const replica of replicas) hands.signal(pidOf(replica), 'SIGKILL');
      return replicas;
    },
  },
  {
    ...service,
    name: 'control-killed',
    about: 'SIGKILL to the control room',
    ending: 'adopted',
    withinMs: 15_000,
    strike: signalOwn('controlPid'),
  },
  {
    ...service,
    name: 'keeper-killed',
    about: 'SIGKILL to the keeper, parent of all',
    ending: 'adopted',
    withinMs: 15_000,
    strike: signalOwn('keeperPid'),
  },
  {
    name: 'gateway-worker-killed',
    about: 'SIGKILL to one of the gateway workers',
    target: 'gateway',
    maySever: true,
    ending: 'healed',
    withinMs: 15_000,
    strike: signalVictim('SIGKILL'),
  },
  {
    name: 'gateway-worker-frozen',
    about: 'SIGSTOP to one of the gateway workers',
    target: 'gateway',
    maySever: true,
    ending: 'healed',
    withinMs: 20_000,
    strike: signalVictim('SIGSTOP'),
  },
  {
    ...service,
    name: 'bad-probe',
    about: 'the readiness probe of every replica of the service fails at once, traffic is fine',
    ending: 'blamed-observer',
    withinMs: 20_000,
    strike: async ({ hands, replicas }) => {
      for (const replica of replicas) await hands.knock(replica.port ?? 0, 'badprobe');
      return [];
    },
    undo: async ({ hands, replicas }) => {
      for (const replica of replicas) await hands.knock(replica.port ?? 0, 'badprobe?off').catch(() => undefined);
    },
  },
];

export function findLiveDrill(name: string): LiveDrill | undefined {
  return liveDrills.find((drill) => drill.name === name);
}
