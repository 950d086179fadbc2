// The simulated hands: carry out starts and stops as real ones would, a little late and sometimes not at all, and report
// what became of it. Everything they do is idempotent by incarnation.
import type { Command, CommandId, CommandResult } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import { end, spawn, touch, type World } from './world.ts';

const deliveryMs = 5;

export interface Hands {
  execute(command: Command): void;
}

export function createHands(world: World, report: (id: CommandId, result: CommandResult) => void): Hands {
  let epochSeen = 0;
  return {
    execute(command) {
      if (command.epoch < epochSeen) return report(command.id, { kind: 'stale' });
      epochSeen = command.epoch;
      if (command.kind === 'StartReplica') start(world, command, report);
      else if (command.kind === 'StopReplica') stop(world, command, report);
      else if (command.kind === 'PagePerson')
        world.agenda.after(deliveryMs, () => report(command.id, { kind: 'done' }));
      return undefined;
    },
  };
}

type Report = (id: CommandId, result: CommandResult) => void;

function start(world: World, command: Extract<Command, { kind: 'StartReplica' }>, report: Report): void {
  const { replica, incarnation, release, id } = command;
  world.agenda.after(10 + world.rng.below(40), () => {
    const spawned = spawn(world, { replica, incarnation, release, unit: splitReplicaId(replica).unit });
    const hint = 'write the program that `run` names';
    const failed = {
      kind: 'failed',
      code: 'HALE_PLATFORM_PROGRAM_MISSING',
      message: 'the program does not exist',
      hint,
    } as const;
    report(id, spawned ? { kind: 'done' } : failed);
  });
}

function stop(world: World, command: Extract<Command, { kind: 'StopReplica' }>, report: Report): void {
  const process = world.processes.get(command.incarnation);
  const { agenda, rng } = world;
  if (process === undefined || process.state === 'exited') {
    agenda.after(5, () => report(command.id, { kind: 'done' }));
    return;
  }
  process.terminating = true;
  touch(world, process);
  const hears = process.state === 'running' && process.blockedSince === undefined && !process.stubborn;
  const takesMs =
    command.graceMs === 0
      ? 5 + rng.below(20)
      : hears
        ? Math.min(command.graceMs, 20 + rng.below(400))
        : command.graceMs;
  agenda.after(takesMs, () => {
    end(
      world,
      process,
      hears && command.graceMs > 0 ? { code: 0, signal: undefined } : { code: undefined, signal: 'SIGKILL' },
    );
    report(command.id, { kind: 'done' });
  });
}
