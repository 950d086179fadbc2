// The simulated eye: turns virtual processes into the observations that the contract promises (model/observation.ts): reduced batches
// of what changed, at most four a second, and a full one every thirty seconds. Probes answer late, as real ones do.
import type { Observation, ProbeObservation, ProbeVerdict, ReplicaObservation } from '@hale/model';
import { askNode, observeNode } from './cluster/look.ts';
import { isIll, type VirtualProcess } from './process.ts';
import { nodeOf, type World } from './world.ts';

export const lookEveryMs = 250;
const failAfterMs = 1_600;
const liveFailAfterMs = 3_200;
const passAfterMs = 300;

/** What changed since the last look; undefined when nothing did. */
export function lookForChanges(world: World): Observation | undefined {
  const replicas: ReplicaObservation[] = [];
  let settled = !world.unrest;
  for (const process of world.processes.values()) {
    settled &&= isSettled(process);
    const moving =
      process.state === 'exited'
        ? process.dirty
        : notice(world, process) || process.dirty || isMoving(process, world.agenda.now);
    if (!moving) continue;
    process.dirty = false;
    replicas.push(observe(world, process));
    if (process.state === 'exited') world.processes.delete(process.incarnation);
  }
  world.stirred = !settled || replicas.length > 0;
  return replicas.length === 0 ? undefined : { full: false, replicas, host: undefined };
}

/** Everything that exists. */
export function lookAtAll(world: World): Observation {
  const replicas: ReplicaObservation[] = [];
  for (const process of world.processes.values()) {
    if (process.state === 'exited' && process.orphaned) {
      world.processes.delete(process.incarnation);
      continue;
    }
    notice(world, process);
    process.dirty = false;
    replicas.push(observe(world, process));
    if (process.state === 'exited') world.processes.delete(process.incarnation);
  }
  const host = { diskFreeBytes: 1e10, diskTotalBytes: 1e11, cpuRatio: world.sky.hostBusy ? 1 : 0.3 };
  return { full: true, replicas, host };
}

/** Well, and known to be well. */
function isSettled(process: VirtualProcess): boolean {
  const isLive = process.live === 'pass' || process.spec.cluster !== undefined;
  return process.started && process.answers && process.ready === 'pass' && isLive && !isIll(process);
}

/** Something about it changes from look to look; a start that takes long is told once a second, as its probe fails again. */
function isMoving(process: VirtualProcess, now: number): boolean {
  return process.started ? isIll(process) : (now - process.spawnedAt) % 1_000 < lookEveryMs;
}

/** Asks it what it is and how it is; true when it says something new. */
function notice(world: World, process: VirtualProcess): boolean {
  const probes = updateProbes(world, process);
  const node = process.spec.cluster === undefined ? undefined : nodeOf(world, process.replica);
  const says = node?.disk.server === process && askNode(node, world.agenda.now);
  return probes || says;
}

/** Probes notice with a delay; true when a verdict has changed. */
function updateProbes(world: World, process: VirtualProcess): boolean {
  if (!process.started) return false;
  const forMs = world.agenda.now - process.answersSince;
  const ready: ProbeVerdict = process.answers
    ? forMs >= passAfterMs || process.ready === 'unknown'
      ? 'pass'
      : process.ready
    : forMs >= failAfterMs || process.ready === 'unknown'
      ? 'fail'
      : process.ready;
  const dumb = !process.answers && !process.unready;
  const isAsked = process.spec.cluster === undefined;
  const live: ProbeVerdict = !isAsked
    ? 'unknown'
    : dumb
      ? forMs >= liveFailAfterMs
        ? 'fail'
        : process.live
      : forMs >= passAfterMs
        ? 'pass'
        : process.live;
  const changed = ready !== process.ready || live !== process.live;
  process.ready = ready;
  process.live = live;
  return changed;
}

function observe(world: World, process: VirtualProcess): ReplicaObservation {
  const { now } = world.agenda;
  const exited = process.state === 'exited';
  const trouble = exited ? undefined : world.lodge.relays.get(process.incarnation)?.trouble;
  const node = process.spec.cluster === undefined || exited ? undefined : nodeOf(world, process.replica);
  return {
    replica: process.replica,
    incarnation: process.incarnation,
    release: process.release,
    pid: process.pid,
    address: '127.0.0.1',
    port: process.port,
    process: processState(process),
    startedAt: process.spawnedAt,
    heartbeat: heartbeat(process, now),
    startup: process.started ? probe('pass') : probe('fail', 'nothing listens yet'),
    ready: process.started ? probe(process.ready, 'HTTP 503') : probe('unknown'),
    live: process.started ? probe(process.live, 'no answer') : probe('unknown'),
    traffic: traffic(process, now),
    usage: usage(world, process, now),
    lastWords: exited ? 'Error: simulated' : undefined,
    stack: process.blockedSince === undefined ? undefined : 'at simulated (loop.js:1:1)',
    ...(trouble !== undefined && { trouble }),
    ...(node?.disk.server === process && { database: observeNode(node.disk, now) }),
  };
}

function probe(verdict: ProbeVerdict, reason?: string): ProbeObservation {
  return { verdict, reason: verdict === 'fail' ? reason : undefined, failures: verdict === 'fail' ? 3 : 0 };
}

function processState(process: VirtualProcess): ReplicaObservation['process'] {
  if (process.state === 'running') return { kind: 'running' };
  if (process.state === 'stopped') return { kind: 'stopped' };
  if (process.orphaned) return { kind: 'exited', code: undefined, signal: undefined };
  return { kind: 'exited', code: process.exit?.code, signal: process.exit?.signal };
}

function heartbeat(process: VirtualProcess, now: number): ReplicaObservation['heartbeat'] {
  if (process.spec.role === 'postgres' || process.state === 'exited' || !process.started) return { kind: 'none' };
  if (process.stoppedSince !== undefined) return { kind: 'silent', silentMs: now - process.stoppedSince };
  const stalledMs = process.blockedSince === undefined ? 0 : now - process.blockedSince;
  const { longestPauseMs, inspected } = process;
  return { kind: 'beating', stalledMs, longestPauseMs, loopLagMs: 2, inspected };
}

function traffic(process: VirtualProcess, now: number): ReplicaObservation['traffic'] {
  if (!process.spec.routed || !process.started) return undefined;
  const since = process.blockedSince ?? process.stoppedSince;
  const errors = process.cut || process.unready ? 20 : 0;
  if (since === undefined) return { requests: 20, errors, inFlight: 2, oldestWaitMs: 5 };
  return { requests: 0, errors: 0, inFlight: 12, oldestWaitMs: now - since };
}

function usage(world: World, process: VirtualProcess, now: number): ReplicaObservation['usage'] {
  const stuck = process.blockedSince === undefined || world.sky.kernelBlind ? 0 : now - process.blockedSince;
  const leaked = process.leakingSince === undefined ? 0 : (now - process.leakingSince) * process.leakBytesPerMs;
  return { cpuRatio: 0.1, rssBytes: 60e6 + leaked, openFiles: 30, mainThreadStuckMs: stuck };
}
