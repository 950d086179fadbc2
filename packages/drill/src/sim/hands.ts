// The simulated hands: carry out starts and stops as real ones would, a little late and sometimes not at all, and report
// what became of it. Everything they do is idempotent by incarnation. Nodes of a database cluster have hands of their own
// (cluster/node-hands.ts).
import type { Command, CommandId, CommandResult } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import { createNodeHands, nodeFor, type StartCommand, type StopCommand } from './cluster/node-hands.ts';
import { sayGoodbye } from './cluster/tide.ts';
import { changesWay, publish } from './relay/lodge.ts';
import { end, nodeOf, seaOf, spawn, touch, type World } from './world.ts';

const deliveryMs = 5;

export interface Hands {
  execute(command: Command): void;
  /** The control room whose hands these are dies. */
  die(): void;
}

export function createHands(world: World, report: (id: CommandId, result: CommandResult) => void): Hands {
  let epochSeen = 0;
  const nodeHands = createNodeHands(world, report, (command, finish) => stop(world, command, finish));
  return {
    execute(command) {
      if (command.epoch < epochSeen) return report(command.id, { kind: 'stale' });
      epochSeen = command.epoch;
      switch (command.kind) {
        case 'StartReplica':
        case 'StopReplica': {
          const node = nodeFor(world, command);
          if (node !== undefined) nodeHands.execute(command, node);
          else if (command.kind === 'StartReplica') start(world, command, report);
          else stop(world, command, (result) => report(command.id, result));
          return undefined;
        }
        case 'FenceStandby':
        case 'FollowPrimary':
        case 'PromoteStandby': {
          const node = nodeFor(world, command);
          if (node !== undefined) nodeHands.execute(command, node);
          return undefined;
        }
        case 'PublishEndpoints': {
          const { onChange } = world.lodge;
          if (onChange !== undefined && changesWay(world.lodge, command.table)) return onChange();
          world.agenda.after(deliveryMs, () => {
            if (world.lodge.isFull) return report(command.id, unwritable);
            publish(world, command.table);
            return report(command.id, { kind: 'done' });
          });
          return undefined;
        }
        default:
          return undefined;
      }
    },
    die: () => nodeHands.die(),
  };
}

const unwritable: CommandResult = {
  ...{ kind: 'failed', code: 'HALE_PLATFORM_UNKNOWN', message: 'ENOSPC: no space left on device', hint: 'free disk' },
};

type Report = (id: CommandId, result: CommandResult) => void;

function start(world: World, command: StartCommand, report: Report): void {
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

function stop(world: World, command: StopCommand, finish: (result: CommandResult) => void): void {
  const process = world.processes.get(command.incarnation);
  const { agenda, rng } = world;
  if (process === undefined || process.state === 'exited') {
    agenda.after(5, () => finish({ kind: 'done' }));
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
    const isOrderly = hears && command.graceMs > 0;
    const node = isOrderly ? nodeOf(world, process.replica) : undefined;
    if (node?.disk.server === process) sayGoodbye(node.cluster, node.disk, seaOf(world));
    end(world, process, isOrderly ? { code: 0, signal: undefined } : { code: undefined, signal: 'SIGKILL' });
    finish({ kind: 'done' });
  });
}
