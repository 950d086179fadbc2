// The hands for the nodes of a database cluster. One lane for each life: what is ordered of it is done one after the other, and what
// takes too long is answered with 'timeout' and goes on. With the control room its hands die: a copy breaks off, an answer is never
// given, what waited is forgotten.
import type { Command, CommandId, CommandResult, Incarnation } from '@hale/model';
import { splitReplicaId } from '@hale/model';
import { end, nodeOf, seaOf, spawn, type World } from '../world.ts';
import type { Disk } from './disk.ts';
import { beginCopy, examineFolder, finishCopy, mayBeCopied, sealFolder, type Trouble } from './folder.ts';
import { type Node, type NodeCommand, obey } from './node-orders.ts';
import { flow } from './tide.ts';

export type StartCommand = Extract<Command, { kind: 'StartReplica' }>;
export type StopCommand = Extract<Command, { kind: 'StopReplica' }>;
type Report = (id: CommandId, result: CommandResult) => void;
type Finish = (result: CommandResult) => void;

export interface NodeHands {
  execute(command: StartCommand | StopCommand | NodeCommand, node: Node): void;
  die(): void;
}

const againMs = 50;
/** The real ones give up a server that does not listen after this long. */
const withinMs = 2_500;

export function createNodeHands(
  world: World,
  report: Report,
  stop: (command: StopCommand, finish: Finish) => void,
): NodeHands {
  const { agenda, rng, sky } = world;
  const lanes = new Map<Incarnation, { busy: boolean; readonly waiting: (() => void)[] }>();
  const lastAt = new Map<Incarnation, number>();
  let life = 0;
  const next = (incarnation: Incarnation) => {
    const lane = lanes.get(incarnation);
    const run = lane?.waiting.shift();
    if (run !== undefined) run();
    else lanes.delete(incarnation);
  };
  const begin = (command: StartCommand | StopCommand | NodeCommand, node: Node) => {
    const own = life;
    const isAlive = () => life === own;
    let isOver = false;
    const finish: Finish = (result) => {
      if (isOver || !isAlive()) return;
      isOver = true;
      next(command.incarnation);
      report(command.id, result);
    };
    agenda.after(command.deadlineMs, () => finish({ kind: 'timeout' }));
    if (command.kind === 'StartReplica') start(world, { command, node, isAlive, finish });
    else if (command.kind === 'StopReplica') stop(command, finish);
    else {
      const isLost = rng.unit() < sky.ordersLostRatio;
      if (isLost && rng.unit() < 0.5) return;
      tell(world, { command, node, isAlive, finish: isLost ? () => {} : finish });
    }
  };
  return {
    execute(command, node) {
      const own = life;
      const { incarnation } = command;
      // Late or not, what is ordered of one life comes in the order in which it was given.
      const comesAt = Math.max(
        lastAt.get(incarnation) ?? 0,
        agenda.now + 2 + rng.below(10) + rng.below(sky.ordersLateMs + 1),
      );
      lastAt.set(incarnation, comesAt);
      agenda.after(comesAt - agenda.now, () => {
        if (life !== own) return;
        const lane = lanes.get(incarnation);
        if (lane === undefined) {
          lanes.set(incarnation, { busy: true, waiting: [] });
          begin(command, node);
        } else lane.waiting.push(() => begin(command, node));
      });
    },
    die() {
      life++;
      lanes.clear();
      lastAt.clear();
    },
  };
}

interface Errand<C> {
  readonly command: C;
  readonly node: Node;
  readonly isAlive: () => boolean;
  readonly finish: Finish;
}

function failed({ code, message }: Trouble): CommandResult {
  return { kind: 'failed', code, message, hint: 'hale explain' };
}

function start(world: World, errand: Errand<StartCommand>): void {
  const { command, node, finish } = errand;
  const { cluster, disk } = node;
  const { database } = command;
  // Whatever still works in the folder is ended first, as the real hands do.
  const isOther = disk.server !== undefined && disk.server.incarnation !== command.incarnation;
  if (disk.server !== undefined && isOther) end(world, disk.server, { code: undefined, signal: 'SIGKILL' });
  const found = database === undefined ? noTerm : examineFolder(cluster, disk, database);
  if (world.processes.has(command.incarnation)) finish({ kind: 'done' });
  else if (found !== undefined && 'code' in found) finish(failed(found));
  else if (found === undefined) world.agenda.after(10 + world.rng.below(40), () => launch(world, errand));
  else copy(world, errand, found.copyOf);
}

const noTerm: Trouble = { code: 'HALE_PLATFORM_POSTGRES_TERM', message: 'it was ordered to start without a term' };

function copy(world: World, errand: Errand<StartCommand>, source: Disk): void {
  const { node, isAlive, finish } = errand;
  const { server } = source;
  beginCopy(node.disk);
  world.agenda.after(100 + world.rng.below(3_000), () => {
    if (!isAlive()) return;
    if (source.server !== server || !mayBeCopied(source)) {
      finish(failed({ code: 'HALE_PLATFORM_POSTGRES_NO_PRIMARY', message: `${source.replica} broke off` }));
      return;
    }
    flow(node.cluster, seaOf(world));
    finishCopy(node.disk, source);
    launch(world, errand);
  });
}

function launch(world: World, { command, node, isAlive, finish }: Errand<StartCommand>): void {
  if (!isAlive()) return;
  const { replica, incarnation, release, database } = command;
  sealFolder(node.cluster, node.disk, database?.term ?? 0);
  const { unit } = splitReplicaId(replica);
  const spawned = spawn(world, { replica, incarnation, release, unit, port: 7_000 + node.disk.ordinal });
  finish(spawned ? { kind: 'done' } : failed({ code: 'HALE_PLATFORM_PROGRAM_MISSING', message: 'no program' }));
}

/** Until it is done, refused, or the server has not listened for too long. */
function tell(world: World, { command, node, isAlive, finish }: Errand<NodeCommand>): void {
  const { agenda } = world;
  const { disk } = node;
  const until = agenda.now + withinMs;
  const attempt = () => {
    if (!isAlive()) return;
    const { server } = disk;
    if (server === undefined || server.state === 'exited' || server.incarnation !== command.incarnation) {
      finish(failed({ code: 'HALE_PLATFORM_NOT_RUNNING', message: `${command.replica} does not run` }));
      return;
    }
    const obeyed = obey(node, command, seaOf(world));
    world.stirred = true;
    if (obeyed === 'later') {
      if (agenda.now < until) agenda.after(againMs, attempt);
      else finish(failed({ code: 'HALE_PLATFORM_POSTGRES_FENCE', message: `${disk.replica} did not change in time` }));
    } else if ('code' in obeyed) finish(failed(obeyed));
    else finish({ kind: 'done', ...(obeyed.logEnd !== undefined && { logEnd: obeyed.logEnd }) });
  };
  attempt();
}

/** The node that a command is for, if it is one of a cluster. */
export function nodeFor(world: World, command: Command): Node | undefined {
  return 'replica' in command ? nodeOf(world, command.replica) : undefined;
}
