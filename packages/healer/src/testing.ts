// A small ward for tests of the brain: builders with defaults, and a bench that feeds events, keeps the commands and
// refuses every clock and every dice while the brain thinks (INV-01). It plays no world: drill/sim does that.
import type {
  Command,
  CommandBody,
  EventBody,
  Incarnation,
  ProbeObservation,
  ReplicaObservation,
  UnitSpec,
} from '@hale/model';
import { replicaId } from '@hale/model';
import { type BrainState, initialState } from './state.ts';
import { step } from './step.ts';

const probe = {
  check: { kind: 'http', path: '/' },
  everyMs: { steady: 2_000, suspicious: 500, down: 1_000 },
  timeoutMs: 1_000,
  failures: 3,
  successes: 1,
  withinMs: 30_000,
} as const;

/** A routed service of two replicas in zones a and b. */
export function buildUnit(of: Partial<UnitSpec> & { name: string }): UnitSpec {
  return {
    role: 'service',
    replicas: 2,
    uses: [],
    zones: ['a', 'b'],
    surge: true,
    routed: true,
    probes: { startup: probe, ready: probe, live: probe },
    hang: { afterMs: 3_000, action: 'replace' },
    grace: { drainMs: 1_000, stopMs: 5_000 },
    memoryBytesMax: undefined,
    fingerprint: 'one',
    ...of,
  };
}

const pass: ProbeObservation = { verdict: 'pass', reason: undefined, failures: 0 };
export const failing: ProbeObservation = { verdict: 'fail', reason: 'HTTP 503', failures: 3 };

/** A replica that runs and is well. */
export function buildSeen(
  unit: string,
  ordinal: number,
  of: Partial<ReplicaObservation> & { incarnation: Incarnation },
): ReplicaObservation {
  return {
    replica: replicaId(unit, ordinal),
    release: 1,
    pid: 100 + ordinal,
    address: '127.0.0.1',
    port: 4000 + ordinal,
    process: { kind: 'running' },
    startedAt: 0,
    heartbeat: { kind: 'beating', stalledMs: 0, longestPauseMs: 20, loopLagMs: 1, inspected: false },
    startup: pass,
    ready: pass,
    live: pass,
    traffic: undefined,
    usage: undefined,
    lastWords: undefined,
    stack: undefined,
    ...of,
  };
}

type Of<K extends CommandBody['kind']> = Extract<Command, { kind: K }>;

/** A brain on the bench: time moves only with the events that are fed. */
export interface Bench {
  state: BrainState;
  mono: number;
  readonly commands: Command[];
  /** Feeds an event `afterMs` later and gives what was commanded. */
  feed(event: EventBody, afterMs?: number): readonly Command[];
  /** Feeds observations of these replicas. */
  see(replicas: readonly ReplicaObservation[], afterMs?: number, full?: boolean): readonly Command[];
  all<K extends CommandBody['kind']>(kind: K): Of<K>[];
  /** The texts of all lines told, of one kind or of all. */
  told(kind?: string): string[];
}

export function createBench(units: readonly UnitSpec[]): Bench {
  const bench: Bench = {
    state: initialState('ward'),
    mono: 0,
    commands: [],
    feed(event, afterMs = 0) {
      bench.mono += afterMs;
      const at = { wall: 1_700_000_000_000 + bench.mono, mono: bench.mono, bootId: 'boot' };
      const result = withoutWorld(() => step(bench.state, { at, ...event }));
      bench.state = result.state;
      bench.commands.push(...result.commands);
      return result.commands;
    },
    see: (replicas, afterMs = 0, full = false) =>
      bench.feed({ kind: 'Observed', observation: { full, replicas, host: undefined } }, afterMs),
    all: <K extends CommandBody['kind']>(kind: K) => bench.commands.filter((one): one is Of<K> => one.kind === kind),
    told: (kind) =>
      bench.all('Tell').flatMap(({ note }) => (kind === undefined || note.kind === kind ? [note.text] : [])),
  };
  bench.feed({ kind: 'LeaderElected', epoch: 1, seed: 7 });
  bench.feed({ kind: 'SystemDeclared', release: 1, units });
  bench.see([], 0, true);
  return bench;
}

/** Confirms every start that was ordered and not yet seen: a ward in which all are up. */
export function bringUp(bench: Bench, afterMs = 400): void {
  for (let round = 0; round < 8; round++) {
    const known = new Set(
      bench.state.units.flatMap((u) => u.slots.flatMap((s) => s.lives.flatMap((l) => (l.seen ? [l.incarnation] : [])))),
    );
    const starts = bench.all('StartReplica').filter((one) => !known.has(one.incarnation));
    if (starts.length === 0) break;
    bench.see(
      starts.map((one) => {
        const [unit = '', ordinal = '0'] = one.replica.split('/');
        return buildSeen(unit, Number(ordinal), {
          incarnation: one.incarnation,
          startedAt: bench.mono,
          release: one.release,
        });
      }),
      afterMs,
    );
  }
  bench.feed({ kind: 'TimePassed' }, 2_000);
}

const banned = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch'] as const;

/** Runs `think` while the clock, the dice and every timer of the host throw. */
export function withoutWorld<T>(think: () => T): T {
  const host = globalThis as unknown as Record<string, unknown>;
  const kept = Object.fromEntries(banned.map((name) => [name, host[name]]));
  const forbid = (name: string) => () => {
    throw new Error(`the brain reached for ${name} (INV-01)`);
  };
  const { random } = Math;
  const realDate = host['Date'];
  try {
    for (const name of banned) host[name] = forbid(name);
    Math.random = forbid('Math.random');
    host['Date'] = forbid('Date');
    return think();
  } finally {
    for (const name of banned) host[name] = kept[name];
    Math.random = random;
    host['Date'] = realDate;
  }
}
