// One incarnation under observation: its name tag, its probes, its pulse and its meters, put together into what the brain is
// told. It starts and stops nothing.
import type { Clock, Rng } from '@hale/base';
import type { ProbeSpec, ProcessState, ReplicaObservation, TrafficObservation, UnitSpec } from '@hale/model';
import { runCheck } from './checks.ts';
import { createHeartbeatReader } from './heartbeat.ts';
import { readLastWords, typescriptAdvice } from './last-words.ts';
import type { CheckResult, Launch } from './launcher.ts';
import { otherPortReason, otherPorts } from './other-port.ts';
import { startProbes } from './probe-set.ts';
import { createProcSampler } from './proc-sampler.ts';
import type { ReplicaRecord } from './records.ts';

export interface Member {
  readonly record: ReplicaRecord;
  readonly launch: Launch;
  readonly pid: number;
  readonly unit: UnitSpec;
  /** Clock.mono() of the end; undefined while it runs. */
  readonly endedAt: number | undefined;
  /** Looks at kernel and pulse (every 250 ms). */
  look(nowMs: number): void;
  /** The keeper's word that it has ended. */
  end(how: { code: number | undefined; signal: string | undefined }): void;
  observe(traffic: TrafficObservation | undefined): ReplicaObservation;
  close(): void;
}

export interface MemberOptions {
  readonly record: ReplicaRecord;
  readonly launch: Launch;
  readonly pid: number;
  readonly unit: UnitSpec;
  readonly heartbeatPath: string;
  readonly log: string;
  readonly clock: Clock;
  readonly rng: Rng;
  /** Something worth telling soon has changed. */
  readonly onChange: (member: Member) => void;
}

/** A program that listens elsewhere is looked for at most this often, and not in its first second. */
const searchEveryMs = 1000;
const deadLooksMax = 4;

export function createMember(options: MemberOptions): Member {
  const { record, launch, pid, unit, clock } = options;
  const sampler = createProcSampler(pid);
  const pulse = createHeartbeatReader(options.heartbeatPath);
  let ended:
    | { code: number | undefined; signal: string | undefined; at: number; words: string | undefined }
    | undefined;

  let deadLooks = 0;
  const processState = (): ProcessState => {
    if (ended !== undefined) return { kind: 'exited', code: ended.code, signal: ended.signal };
    // The kernel's word alone has no exit code: the keeper's is waited for, and believed missing after a while.
    return sampler.state.kind === 'exited' && deadLooks < deadLooksMax ? { kind: 'running' } : sampler.state;
  };
  const changed = () => options.onChange(member);
  const { rng } = options;
  const checkOf = (spec: ProbeSpec) => createCheck(spec, options);
  const probes = startProbes({ probes: unit.probes, clock, rng, checkOf, onChange: changed });

  const member: Member = {
    record,
    launch,
    pid,
    unit,
    get endedAt() {
      return ended?.at;
    },
    look(nowMs) {
      if (ended !== undefined) return;
      const before = sampler.state.kind;
      const hadStack = pulse.stack !== undefined;
      if (probes.startup.verdict === 'pass') pulse.started(nowMs);
      pulse.look(nowMs);
      sampler.look(nowMs, { isInterrupted: !hadStack && pulse.stack !== undefined, isWell: pulse.isWell });
      if (sampler.state.kind === 'exited') deadLooks++;
      if (sampler.state.kind !== before) changed();
    },
    end({ code, signal }) {
      if (ended !== undefined) return;
      probes.stop();
      launch.close?.();
      ended = { code, signal, at: clock.mono(), words: wordsOf(options) };
      changed();
    },
    observe: (traffic) => ({
      replica: record.replica,
      incarnation: record.incarnation,
      release: record.release,
      pid,
      address: '127.0.0.1',
      port: launch.port,
      process: processState(),
      startedAt: record.startedAt,
      heartbeat: ended === undefined ? pulse.heartbeat : { kind: 'none' },
      startup: probes.startup,
      ready: probes.ready,
      live: probes.live,
      traffic,
      usage: ended === undefined ? sampler.usage : undefined,
      lastWords: ended?.words ?? (probes.startup.failures > 0 ? wordsOf(options) : undefined),
      stack: ended === undefined ? pulse.stack : undefined,
      ...(launch.database && ended === undefined && { database: launch.database() }),
      ...(launch.disk && ended === undefined && { disk: launch.disk() }),
      ...(launch.about && ended === undefined && { about: launch.about() }),
      ...(launch.trouble && ended === undefined && { trouble: launch.trouble() }),
      ...(launch.backups && ended === undefined && { backups: launch.backups() }),
    }),
    close() {
      probes.stop();
      launch.close?.();
      sampler.close();
      pulse.close();
    },
  };
  return member;
}

/** The check of a probe; while a start fails it also looks whether the program listens elsewhere. */
function createCheck(spec: ProbeSpec, options: MemberOptions): (signal: AbortSignal) => Promise<CheckResult> {
  const { launch, record, pid, clock } = options;
  const target = { address: '127.0.0.1', port: launch.port, cwd: launch.cwd, env: launch.env };
  const isStartOrReady = spec !== options.unit.probes.live;
  let searchedAt = record.startedAt;
  return async (signal) => {
    if (isStartOrReady && launch.check !== undefined) return launch.check(signal);
    const result = await runCheck(spec.check, target, signal);
    if (result.kind === 'pass' || launch.port === undefined || clock.mono() - searchedAt < searchEveryMs) return result;
    searchedAt = clock.mono();
    const others = spec === options.unit.probes.startup ? otherPorts(pid, launch.port) : [];
    return others.length === 0 ? result : { kind: 'fail', reason: otherPortReason(others, launch.port) };
  };
}

function wordsOf({ log, record, launch }: MemberOptions): string | undefined {
  const words = readLastWords(log, record.logFrom);
  const script = launch.argv.find((word) => /\.[cm]?tsx?$/.test(word));
  const advice = words === undefined || script === undefined ? undefined : typescriptAdvice(words, script);
  return advice === undefined ? words : `${advice}\n${words}`;
}
