// The other two whistles: who fails, or is slow, in a larger share of its answers than the team. Shares and not latencies are compared, because a share
// is bounded: however heavy the tail, a healthy host is over the bar about as often as its peers, and how unlikely it is to be over it k times in n is known for
// every distribution (Chernoff: at most e^-evidence). The measure is the upper median of the team, so a fault that half of them have is the norm and
// sends nobody off. A window closes with twenty answers; a host that gets few gathers for up to ten seconds. Pure.
import type { Detector, Ejectable } from './outlier-ejection.ts';

export interface Judgment<H> {
  readonly guilty: readonly { readonly host: H; readonly detector: Detector }[];
  /** The median of the hosts' typical latencies; 0 when nobody has one. */
  readonly typicalMs: number;
  /** How many of how many have the fault; undefined when too few could be heard. */
  readonly shared: { readonly errors: number; readonly slow: number; readonly of: number } | undefined;
}

/** In nats: a healthy host comes as far in one window of ten million. */
const evidenceMin = Math.log(1e7);
/** For one that was sent off before and has not yet lived that down: one of fifty. */
const probationEvidenceMin = Math.log(50);
const answersToJudge = 12;
const answersToClose = 20;
const answersToTestify = 5;
const answersOnProbation = 3;
const gatherMs = 10_000;
/** A share this far above the team's is of interest to anybody; a provable one of two percent is not. */
const errorsAboveTeam = 0.2;
const slowShareMin = 0.5;
/** Shares that a well host may show without anybody thinking ill of it. */
const errorsNormal = 0.05;
const slowNormal = 0.25;
/** Peers differ: the team's share is taken half as large again. */
const allowance = 1.5;

/** Looks at everybody's window, closes those that are full, and names who is worse than the team. */
export function judgeWindows<H extends Ejectable>(team: readonly H[], nowMs: number): Judgment<H> {
  const typicalMs = upperMedian(team.filter((host) => host.medianMs > 0).map((host) => host.medianMs));
  const heard = team.filter((host) => host.answers >= answersToTestify);
  const guilty: { host: H; detector: Detector }[] = [];
  let shared: Judgment<H>['shared'];
  if (heard.length * 2 > team.length) {
    const errorsOfTeam = upperMedian(heard.map(errorShare));
    const slowOfTeam = upperMedian(heard.map(slowShare));
    for (const host of team) {
      if (isWorse(host, errorsOfTeam)) guilty.push({ host, detector: 'errors' });
      else if (isSlower(host, slowOfTeam)) guilty.push({ host, detector: 'slow' });
    }
    const count = (has: (host: H) => boolean) => heard.filter(has).length;
    const errors = count((host) => errorShare(host) >= errorsAboveTeam);
    shared = { errors, slow: count((host) => slowShare(host) >= slowShareMin), of: heard.length };
  }
  for (const host of team)
    if (host.answers >= answersToClose || nowMs - host.windowSinceMs > gatherMs) open(host, nowMs);
  return { guilty, typicalMs, shared };
}

/**
 * How surprising `hits` of `tries` are when each has the chance `share`: the probability of as many or more is at most e^-evidence
 * (Chernoff's bound, which is tries x the Kullback-Leibler divergence). 0 when they are no surprise at all.
 */
export function evidence(hits: number, tries: number, share: number): number {
  const seen = hits / tries;
  if (!(seen > share)) return 0;
  if (share <= 0) return Number.POSITIVE_INFINITY;
  const misses = seen < 1 ? (1 - seen) * Math.log((1 - seen) / (1 - share)) : 0;
  return tries * (seen * Math.log(seen / share) + misses);
}

function isWorse(host: Ejectable, errorsOfTeam: number): boolean {
  const normal = Math.max(errorsNormal, errorsOfTeam * allowance);
  if (errorShare(host) < normal + errorsAboveTeam) return false;
  return isProven(host, { hits: host.failures, tries: host.answers, normal });
}

function isSlower(host: Ejectable, slowOfTeam: number): boolean {
  const normal = Math.max(slowNormal, slowOfTeam * allowance);
  if (slowShare(host) < slowShareMin) return false;
  return isProven(host, { hits: host.slow, tries: host.answers - host.failures, normal });
}

function isProven(host: Ejectable, { hits, tries, normal }: { hits: number; tries: number; normal: number }): boolean {
  const isOnProbation = host.timesEjected > 0;
  if (tries < (isOnProbation ? answersOnProbation : answersToJudge)) return false;
  return evidence(hits, tries, normal) >= (isOnProbation ? probationEvidenceMin : evidenceMin);
}

function errorShare(host: Ejectable): number {
  return host.answers === 0 ? 0 : host.failures / host.answers;
}

function slowShare(host: Ejectable): number {
  const successes = host.answers - host.failures;
  return successes === 0 ? 0 : host.slow / successes;
}

function open(host: Ejectable, nowMs: number): void {
  host.answers = 0;
  host.failures = 0;
  host.slow = 0;
  host.windowSinceMs = nowMs;
}

/** The middle one, of two the larger: half of them at least are not above it. */
function upperMedian(values: readonly number[]): number {
  if (values.length === 0) return 0;
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
