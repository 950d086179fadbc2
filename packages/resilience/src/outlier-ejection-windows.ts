// The other two whistles: who fails, or is slow, in a larger share of its answers than the team. Shares and not latencies are compared, because a share
// is bounded: however heavy the tail, a healthy host is over the bar about as often as its peers, and how unlikely it is to be over it k times in n is known for
// every distribution (Chernoff: at most e^-evidence). The measure is the upper median of the team, so a fault that half of them have is the norm and
// sends nobody off. A window closes with twenty answers; a host that gets few gathers for up to ten seconds. Pure.
import type { Detector, Ejectable } from './outlier-ejection.ts';
import { illErrorShare, isWell } from './outlier-ejection-witness.ts';

export interface Judgment<H> {
  readonly guilty: readonly { readonly host: H; readonly detector: Detector }[];
  /** The median of the hosts' typical latencies; 0 when nobody has one. */
  readonly typicalMs: number;
  /** The share of failures among the answers of those who are not ill; undefined when nobody could be heard. */
  readonly errorShare: number | undefined;
  readonly errors: Spread;
  readonly slow: Spread;
}

/** How many of the hosts that could be heard have a fault, and how many are well. */
export interface Spread {
  readonly ill: number;
  readonly well: number;
}

/** In nats: a healthy host comes as far in one window of ten million. */
export const evidenceMin = Math.log(1e7);
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

/**
 * Looks at the windows of all who play, closes those that are full, and names who is worse than the team. `size` counts those who sit, too:
 * more than half of the whole team must be heard to be well before anybody is worse than it.
 */
export function judgeWindows<H extends Ejectable>(playing: readonly H[], size: number, nowMs: number): Judgment<H> {
  const heard = playing.filter((host) => host.answers >= answersToTestify);
  const errorsOfTeam = middle(heard.map(errorShareOf), size);
  const slowOfTeam = middle(heard.map(slowShareOf), size);
  const isHealthyTeam = playing.filter((host) => isWell(host, host.windowSinceMs)).length * 2 > size;
  const guilty: { host: H; detector: Detector }[] = [];
  for (const host of playing) {
    if (isHealthyTeam && isWorse(host, errorsOfTeam)) guilty.push({ host, detector: 'errors' });
    else if (isSlower(host, slowOfTeam)) guilty.push({ host, detector: 'slow' });
  }
  const spread = (shareOf: (host: H) => number, illFrom: number): Spread => {
    const ill = heard.filter((host) => shareOf(host) >= illFrom).length;
    return { ill, well: heard.length - ill };
  };
  const judgment = {
    guilty,
    typicalMs: upperMedian(playing.filter((host) => host.medianMs > 0).map((host) => host.medianMs)),
    errorShare: pooledErrorShare(heard),
    errors: spread(errorShareOf, illErrorShare),
    slow: spread(slowShareOf, slowShareMin),
  };
  for (const host of playing) if (isFull(host, nowMs) && !guilty.some((one) => one.host === host)) close(host, nowMs);
  return judgment;
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
  if (errorShareOf(host) < normal + errorsAboveTeam) return false;
  return isProven(host, { hits: host.failures, tries: host.answers, normal });
}

function isSlower(host: Ejectable, slowOfTeam: number): boolean {
  const normal = Math.max(slowNormal, slowOfTeam * allowance);
  if (slowShareOf(host) < slowShareMin) return false;
  return isProven(host, { hits: host.slow, tries: host.answers - host.failures, normal });
}

function isProven(host: Ejectable, { hits, tries, normal }: { hits: number; tries: number; normal: number }): boolean {
  const isOnProbation = host.timesEjected > 0;
  if (tries < (isOnProbation ? answersOnProbation : answersToJudge)) return false;
  return evidence(hits, tries, normal) >= (isOnProbation ? probationEvidenceMin : evidenceMin);
}

/** Of whoever was found guilty the window stays open: it is looked at once more, with more in it. */
function isFull(host: Ejectable, nowMs: number): boolean {
  return host.answers >= answersToClose || nowMs - host.windowSinceMs > gatherMs;
}

function pooledErrorShare(heard: readonly Ejectable[]): number | undefined {
  const well = heard.filter((host) => errorShareOf(host) < illErrorShare);
  const sum = (of: (host: Ejectable) => number) => well.reduce((total, host) => total + of(host), 0);
  return well.length === 0 ? undefined : sum((host) => host.failures) / sum((host) => host.answers);
}

function errorShareOf(host: Ejectable): number {
  return host.answers === 0 ? 0 : host.failures / host.answers;
}

function slowShareOf(host: Ejectable): number {
  const successes = host.answers - host.failures;
  return successes === 0 ? 0 : host.slow / successes;
}

function close(host: Ejectable, nowMs: number): void {
  host.lastErrorShare = errorShareOf(host);
  host.answers = 0;
  host.failures = 0;
  host.slow = 0;
  host.windowSinceMs = nowMs;
}

/** The middle one of `size`, of two the larger; whoever is not among the values counts as the worst. */
function middle(values: readonly number[], size: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(size / 2)] ?? 1;
}

function upperMedian(values: readonly number[]): number {
  return values.length === 0 ? 0 : middle(values, values.length);
}
