// A toy PostgreSQL cluster for the property test: logs are lists of write ids, a standby copies its primary's log while its own
// is a beginning of it, a commit is acknowledged once k standbys have it. Nodes die, freeze, and lose sight of each other; commands are
// late, lost, or done without anybody hearing. It follows orders as the real hands do, and referees what comes of them.
import { createRng, type Rng } from '@hale/base';
import type { Command, CommandResult, DatabaseTerm, Incarnation, ReplicaId, ReplicaObservation } from '@hale/model';
import { type Bench, buildSeen } from '../testing.ts';

interface Node {
  readonly replica: ReplicaId;
  incarnation: Incarnation | undefined;
  bornAt: number;
  role: 'primary' | 'standby' | 'none';
  log: number[];
  term: number;
  fencedTerm: number;
  follows: ReplicaId | undefined;
  cutUntil: number;
}

interface Errand {
  readonly at: number;
  readonly run: () => void;
}

export interface ToyWorld {
  readonly rng: Rng;
  readonly nodes: readonly Node[];
  /** Ids of writes whose client was told that they are safe. */
  readonly acked: ReadonlySet<number>;
  readonly breaches: string[];
  readonly promotions: number;
  tick(): void;
  kill(node: Node): void;
  primaries(): readonly Node[];
}

const tickMs = 20;

export function createToyWorld(
  bench: Bench,
  options: { seed: number; nodes: number; acknowledgers: number },
): ToyWorld {
  const rng = createRng(options.seed);
  const nodes: Node[] = Array.from({ length: options.nodes }, (_, ordinal) => ({
    replica: `db/${ordinal}` as ReplicaId,
    incarnation: undefined,
    bornAt: 0,
    role: 'none',
    log: [],
    term: 0,
    fencedTerm: 0,
    follows: undefined,
    cutUntil: 0,
  }));
  const acked = new Set<number>();
  const breaches: string[] = [];
  let errands: Errand[] = [];
  let taken = 0;
  let nextId = 1;
  let promotions = 0;
  const node = (replica: ReplicaId) => nodes.find((one) => one.replica === replica)!;
  const later = (ms: number, run: () => void) => errands.push({ at: bench.mono + ms, run });

  const see = (one: Node, ended?: Incarnation): ReplicaObservation =>
    buildSeen('db', nodes.indexOf(one), {
      incarnation: (ended ?? one.incarnation)!,
      startedAt: one.bornAt,
      heartbeat: { kind: 'none' },
      process: ended === undefined ? { kind: 'running' } : { kind: 'exited', code: undefined, signal: 'SIGKILL' },
      database: {
        role: one.role === 'primary' ? 'primary' : 'standby',
        term: one.term,
        logEnd: one.log.length,
        streaming: one.role === 'primary' || streams(one),
        lagMs: undefined,
      },
    });
  const linked = (one: Node) => one.incarnation !== undefined && one.cutUntil <= bench.mono;
  const streams = (one: Node) => {
    const from = one.follows === undefined ? undefined : node(one.follows);
    if (one.role !== 'standby' || from === undefined || !linked(one) || !linked(from)) return false;
    return from.role === 'primary' && one.log.every((id, place) => from.log[place] === id);
  };

  const kill = (one: Node) => {
    const { incarnation } = one;
    if (incarnation === undefined) return;
    one.incarnation = undefined;
    one.follows = undefined;
    later(rng.unit() * 60, () => bench.see([see(one, incarnation)]));
  };

  /** What the hands do before they start a node; a text is why they cannot. */
  const prepare = (one: Node, database: DatabaseTerm): string | undefined => {
    if (database.term < Math.max(one.fencedTerm, one.term)) return 'an order of a past term';
    if (database.primary === one.replica) {
      if (one.role === 'none') {
        if (database.term > 1) return 'no data';
        one.role = 'primary';
      }
      one.term = database.term;
      return undefined;
    }
    if (one.role === 'standby' && one.term === database.term && database.rebuild !== true) return undefined;
    const from = nodes.find((other) => other.replica === database.primary)!;
    if (database.from === undefined || from.incarnation === undefined || from.role !== 'primary')
      return 'nobody to copy';
    one.role = 'standby';
    one.log = [...from.log];
    one.term = database.term;
    return undefined;
  };
  const obey = (command: Command): CommandResult => {
    if (!('incarnation' in command)) return { kind: 'done' };
    const one = node(command.replica);
    const failed = (message: string): CommandResult => ({ kind: 'failed', code: 'X', message, hint: '' });
    if (command.kind === 'StartReplica') {
      if (one.incarnation !== undefined) return failed('it runs');
      const trouble = prepare(one, command.database!);
      if (trouble !== undefined) return failed(trouble);
      one.incarnation = command.incarnation;
      one.bornAt = bench.mono;
      one.follows = undefined;
      return { kind: 'done' };
    }
    if (one.incarnation !== command.incarnation)
      return command.kind === 'StopReplica' ? { kind: 'done' } : failed('gone');
    if (command.kind === 'StopReplica') {
      kill(one);
      return { kind: 'done' };
    }
    if (command.term < Math.max(one.fencedTerm, one.term)) return failed('an order of a past term');
    if (command.kind === 'FenceStandby') {
      if (one.role !== 'standby') return failed('no standby');
      one.follows = undefined;
      one.fencedTerm = command.term;
      return { kind: 'done', logEnd: one.log.length };
    }
    if (command.kind === 'FollowPrimary') {
      one.follows = command.primary;
      one.term = command.term;
      return { kind: 'done' };
    }
    const lost = [...acked].filter((id) => !one.log.includes(id));
    if (one.role === 'standby') promotions++;
    if (lost.length > 0)
      breaches.push(`${one.replica} becomes primary of term ${command.term} without ${lost.length} acknowledged`);
    one.role = 'primary';
    one.term = command.term;
    return { kind: 'done' };
  };
  const take = (command: Command) => {
    if (['Tell', 'WakeUp', 'PublishEndpoints', 'PagePerson'].includes(command.kind)) return;
    later(rng.unit() * 40, () => {
      const dies = rng.unit() < 0.02;
      const result: CommandResult = dies && rng.unit() < 0.5 ? { kind: 'timeout' } : obey(command);
      const heard: CommandResult = dies ? { kind: 'timeout' } : result;
      later(rng.unit() * 20, () => bench.feed({ kind: 'CommandFinished', command: command.id, result: heard }));
    });
  };
  const write = () => {
    for (const one of nodes) {
      if (one.incarnation === undefined || one.role !== 'primary') continue;
      one.log.push(nextId++);
      const copies = nodes.filter((other) => other.follows === one.replica && streams(other));
      for (const copy of copies) {
        if (rng.unit() >= 0.7) continue;
        const step = Math.ceil(rng.unit() * 4) + Math.floor((one.log.length - copy.log.length) / 10);
        copy.log = one.log.slice(0, copy.log.length + step);
      }
      // It counts only those who followed it in its own term: they report under a name that holds the term.
      const counted = copies.filter((copy) => copy.term === one.term);
      const has = (other: Node, place: number) => other.log.length > place;
      for (let place = Math.max(0, one.log.length - 12); place < one.log.length; place++) {
        const id = one.log[place]!;
        if (counted.filter((copy) => has(copy, place)).length >= options.acknowledgers) acked.add(id);
      }
    }
  };
  return {
    rng,
    nodes,
    acked,
    breaches,
    get promotions() {
      return promotions;
    },
    kill,
    primaries: () => nodes.filter((one) => one.incarnation !== undefined && one.role === 'primary'),
    tick() {
      bench.feed({ kind: 'TimePassed' }, tickMs);
      write();
      const due = errands.filter(({ at }) => at <= bench.mono);
      errands = errands.filter(({ at }) => at > bench.mono);
      for (const errand of due) errand.run();
      if (rng.unit() < 0.1) {
        const living = nodes.filter((one) => one.incarnation !== undefined && linked(one));
        bench.see(living.map((one) => see(one)));
      }
      for (; taken < bench.commands.length; taken++) take(bench.commands[taken]!);
    },
  };
}
