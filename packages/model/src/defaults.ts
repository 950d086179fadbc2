// What holds where the declaration is silent. One place, so that the docs, the parser and the builders of tests agree.
// Refuses nothing; every figure says what it costs.
import type { GraceSpec, HangSpec, ProbeCheck, ProbeSpec, ProbesSpec } from './spec.ts';

/** Steady costs one check a second a replica; a first failure is looked at five times as often, so that three failures take well under a second. */
export const probeEveryMs = { steady: 1000, suspicious: 200, down: 500 } as const;

export const probeDefaults = {
  timeoutMs: 1000,
  failures: 3,
  successes: 1,
  startupWithinMs: 60_000,
  /** A database node may have to be initialised, or recover, first. */
  postgresStartupWithinMs: 120_000,
  /** Hale cannot start a server elsewhere: that it does not answer is told after this. */
  elsewhereWithinMs: 15_000,
} as const;

export const hangDefault: HangSpec = { afterMs: 3000, action: 'replace' };
export const graceDefault: GraceSpec = { drainMs: 250, stopMs: 10_000 };
/** A checkpoint and the end of open transactions take longer than a web server's goodbye. */
export const postgresGrace: GraceSpec = { drainMs: 0, stopMs: 30_000 };
/** Workers are not in the endpoint table: nobody has to see them leave first. */
export const gatewayGrace: GraceSpec = { drainMs: 0, stopMs: 10_000 };

export const zonesDefault: readonly string[] = ['a'];
export const replicasDefault = 1;
/** More replicas of one service than this on one host is a slip of the finger. */
export const replicasMax = 100;

export const gatewayDefaults = {
  port: 8080,
  host: '127.0.0.1',
  workers: 2,
  timeoutMs: 30_000,
  tryTimeoutMs: 10_000,
  holdMs: 10_000,
  /** What is kept of a request's body so that it can be sent again. */
  bodyBytesMax: 1_000_000,
  program: { kind: 'embedded' },
  tls: undefined,
} as const;

export const tlsPortDefault = 8443;

export const postgresDefaults = { database: 'app' } as const;
/** With one, the loss of any node stops writes; with two a quorum of one goes on. */
export const standbysDefault = 2;
export const standbysMax = 8;
/** With synchronous backups: the primary sends its log to the receiver as often as there are standbys, and has twelve senders. */
export const standbysWithReceiverMax = 4;
/** How many standbys must have a commit on disk before it is acknowledged. */
export const acknowledgersDefault = 1;
/** Callers of a database are not in the endpoint table either; a relay lets open connections end first. */
export const relayGrace: GraceSpec = { drainMs: 0, stopMs: 10_000 };

/** A probe with every default filled in. */
export function defaultProbe(check: ProbeCheck, over: Partial<ProbeSpec> = {}): ProbeSpec {
  return {
    check,
    everyMs: probeEveryMs,
    timeoutMs: probeDefaults.timeoutMs,
    failures: probeDefaults.failures,
    successes: probeDefaults.successes,
    withinMs: probeDefaults.startupWithinMs,
    ...over,
  };
}

/** The port accepting connections is the sign of a start and of being ready. */
export const tcpProbes: ProbesSpec = {
  startup: defaultProbe({ kind: 'tcp' }),
  ready: defaultProbe({ kind: 'tcp' }),
  live: undefined,
};

/** A program without a port: being alive is all that is asked. */
export const aliveProbes: ProbesSpec = { startup: defaultProbe({ kind: 'alive' }), ready: undefined, live: undefined };

const dayMs = 86_400_000;
/** What is not said of a backup; also of one in a drawing that an older version kept. */
export const backupDefaults = {
  keepMs: 14 * dayMs,
  everyMs: dayMs,
  proveMs: 7 * dayMs,
  pitr: true,
  synchronous: false,
} as const;
/** The last round to the store may carry a spool. */
export const backupGrace: GraceSpec = { drainMs: 0, stopMs: 30_000 };
/** It flushes and compresses: a slow disk is no hang. */
export const backupHang: HangSpec = { afterMs: 30_000, action: 'replace' };
