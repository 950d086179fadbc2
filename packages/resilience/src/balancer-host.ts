// What the usher remembers of one host, and what it reckons a seat there costs. Plain numbers in one object, because
// they are read at every request.
import type { Member } from './balancer.ts';
import { type Ejectable, isUnproven, unblemished } from './outlier-ejection.ts';
import { createPeakEwma, type PeakEwma } from './peak-ewma.ts';

export interface BalancerHost<M extends Member = Member> extends Ejectable {
  member: M;
  /** Requests under way. */
  pending: number;
  /** Those of them that have had no answer at all yet. */
  waiting: number;
  /** Since when nothing has come back although somebody waits (mono ms). */
  quietSinceMs: number;
  readonly ewma: PeakEwma;
  /** When its ramp began (mono ms). */
  inSinceMs: number;
}

/** A host never heard of, with requests already waiting on it, must not look free (Finagle's penalty). */
const unprobedCostMs = 1000;

/** What one more request there is expected to cost, in milliseconds. */
export function costOf(host: BalancerHost, nowMs: number, penaltyMs: number): number {
  if (host.timesEjected > 0 && host.pending > 0 && isUnproven(host)) return Number.MAX_VALUE;
  // A frozen host has a fine average for ever. That nothing comes back while somebody waits is the sample it cannot give.
  const silenceMs = host.waiting > 0 ? nowMs - host.quietSinceMs : 0;
  const latencyMs = Math.max(host.ewma.cost(nowMs, penaltyMs), silenceMs);
  if (latencyMs === 0 && host.pending > 0) return unprobedCostMs + host.pending;
  return latencyMs * (host.pending + 1);
}

export function newHost<M extends Member>(member: M, nowMs: number, decayMs: number): BalancerHost<M> {
  return {
    ...unblemished,
    member,
    pending: 0,
    waiting: 0,
    quietSinceMs: nowMs,
    ewma: createPeakEwma({ decayMs, nowMs }),
    inSinceMs: nowMs,
    windowSinceMs: nowMs,
  };
}

/** A host that comes back from 'out' or 'draining' ramps up again; 'suspect' and back does not, it was warm all the time. */
export function renew<M extends Member>(host: BalancerHost<M>, member: M, nowMs: number): BalancerHost<M> {
  const wasCold = host.member.state === 'out' || host.member.state === 'draining';
  if (wasCold && (member.state === 'in' || member.state === 'suspect')) {
    host.inSinceMs = nowMs;
    // Whoever keeps the table has looked at it and found it well: a better witness than our sentence.
    host.ejectedUntilMs = Math.min(host.ejectedUntilMs, nowMs);
    host.errorsInRow = 0;
    host.ewma.forgive();
  }
  host.member = member;
  return host;
}
