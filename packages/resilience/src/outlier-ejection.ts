// The penalty bench: who plays worse than the team sits out for a while, longer each time. Three whistles, all of which compare
// with the team and none with an absolute figure: failures in a row (outlier-ejection-streak.ts), the share of failures and the share of slow answers
// in a window (outlier-ejection-windows.ts). The bench is small (a share of the team, though always one seat); when half the team has the same fault nobody
// is sent off, for then the pitch is broken and not the players, and that is said. Whoever comes back is on probation: a little is
// enough to be sent off again. After Envoy's outlier detection (its enforcing dials too). No timer: the balancer asks when it is used.
import { judgeStreak, streakNeeded } from './outlier-ejection-streak.ts';
import { judgeWindows, type Spread } from './outlier-ejection-windows.ts';

export type Detector = 'streak' | 'errors' | 'slow';

/** Why a host that was found guilty stays: others have the same fault, no seat is free, nobody else plays, or the dial says so. */
export type Mercy = 'shared' | 'seats' | 'alone' | 'dial';

export interface EjectionOptions {
  /** Failures in a row that send a host off, exactly; more only while the whole team fails in 4 % of its answers or more. */
  readonly consecutiveErrors: number;
  /** The same for one that has come back and not yet given one good answer. */
  readonly probationErrors: number;
  /** First time out; doubled at each return that fails again. */
  readonly baseMs: number;
  readonly maxMs: number;
  /** At most this share of the hosts is off at once, but one is always allowed. */
  readonly shareMax: number;
  /** With fewer than this share usable, ejections are ignored. */
  readonly panicRatio: number;
  /** Sentences last up to this share longer, by chance, so that those sent off together do not come back together. */
  readonly jitter: number;
  /** An answer is slow when it takes this many times what is typical for the team. */
  readonly slowFactor: number;
  /** Which share of each detector's verdicts is carried out: 1 all, 0 none (they are only told). */
  readonly enforce: Readonly<Record<Detector, number>>;
}

export const defaultEjection: EjectionOptions = {
  consecutiveErrors: 5,
  probationErrors: 1,
  baseMs: 20_000,
  maxMs: 300_000,
  shareMax: 0.1,
  panicRatio: 0.5,
  jitter: 0.25,
  slowFactor: 3,
  enforce: { streak: 1, errors: 1, slow: 1 },
};

/** What the bench remembers of a host. */
export interface Ejectable {
  errorsInRow: number;
  /** When the first of them came (mono ms). */
  streakSinceMs: number;
  /** When the request of its latest good answer was sent: what was sent before a fault proves nothing about it. */
  lastOkSentMs: number;
  /** Good answers in a row. */
  okInRow: number;
  /** Looks in a row at which its window was worse than the team. */
  guiltyLooks: number;
  /** Times sent off without a lasting recovery between. */
  timesEjected: number;
  /** Sits out until then (mono ms); 0 when it plays. */
  ejectedUntilMs: number;
  /** For what it sits, or sat last. */
  ejectedFor: Detector | undefined;
  /** What was told of it when it was spared, so that it is not told again while it goes on. */
  sparedWhy: string | undefined;
  /** This window: answers, failures among them, and slow ones among the successes. */
  answers: number;
  failures: number;
  slow: number;
  windowSinceMs: number;
  /** The share of failures in the window before. */
  lastErrorShare: number;
  /** Its typical latency: moves five percent towards each answer. */
  medianMs: number;
}

export type EjectionEvent<H> =
  | { readonly kind: 'ejected'; readonly host: H; readonly detector: Detector; readonly forMs: number }
  | { readonly kind: 'returned'; readonly host: H }
  | { readonly kind: 'spared'; readonly host: H; readonly detector: Detector; readonly why: Mercy }
  /** Half of the team or more has it: a dependency that they share is the likelier cause. */
  | { readonly kind: 'shared-fault'; readonly what: 'errors' | 'slow'; readonly hosts: number; readonly of: number }
  | { readonly kind: 'shared-fault-over'; readonly what: 'errors' | 'slow' };

export interface OutlierEjection<H extends Ejectable> {
  succeeded(host: H, latencyMs: number, nowMs: number): void;
  /** True when it has failed too often in a row, so that judgment is due. */
  failed(host: H, nowMs: number): boolean;
  /** Gives judgment over `team`, the hosts that get traffic or sit; true when somebody was sent off or came back. Cheap when nothing is due. */
  judge(team: readonly H[], nowMs: number): boolean;
  isOut(host: H, nowMs: number): boolean;
  /** Failing in a row as often as is configured: well is something else, whatever the others do. */
  isFailing(host: H): boolean;
  /** True when so few are usable that the bench must be emptied. */
  isPanic(hosts: readonly H[], nowMs: number): boolean;
  /** What a typical host takes for an answer (ms); 0 while unknown. */
  readonly typicalMs: number;
  readonly sharedFaults: readonly ('errors' | 'slow')[];
}

export const unblemished: Ejectable = {
  errorsInRow: 0,
  streakSinceMs: 0,
  lastOkSentMs: Number.NEGATIVE_INFINITY,
  okInRow: 0,
  guiltyLooks: 0,
  timesEjected: 0,
  ejectedUntilMs: 0,
  ejectedFor: undefined,
  sparedWhy: undefined,
  answers: 0,
  failures: 0,
  slow: 0,
  windowSinceMs: 0,
  lastErrorShare: 0,
  medianMs: 0,
};

const lookMs = 500;

export interface EjectionSurroundings<H> {
  /** Uniform in [0, 1). */
  readonly unit: () => number;
  readonly onEvent?: ((event: EjectionEvent<H>) => void) | undefined;
}

export function createOutlierEjection<H extends Ejectable>(
  options: EjectionOptions,
  surroundings: EjectionSurroundings<H>,
): OutlierEjection<H> {
  return new Bench(options, surroundings);
}

class Bench<H extends Ejectable> implements OutlierEjection<H> {
  typicalMs = 0;
  private readonly options: EjectionOptions;
  private readonly unit: () => number;
  private readonly tell: (event: EjectionEvent<H>) => void;
  private readonly shared = { errors: false, slow: false };
  private readonly seated = new Set<H>();
  /** Slower than this is slow; nothing is, before a first window. */
  private barMs = Number.POSITIVE_INFINITY;
  /** The share of failures that is normal for the team lately. */
  private errorShare = 0;
  /** Failures in a row that are too many at present. */
  private streakMax: number;
  private lookDueMs = Number.NEGATIVE_INFINITY;
  private isAnybodyAccused = false;

  constructor(options: EjectionOptions, { unit, onEvent }: EjectionSurroundings<H>) {
    this.options = options;
    this.streakMax = options.consecutiveErrors;
    this.unit = unit;
    this.tell = onEvent ?? (() => {});
  }

  get sharedFaults(): readonly ('errors' | 'slow')[] {
    return (['errors', 'slow'] as const).filter((what) => this.shared[what]);
  }

  succeeded(host: H, latencyMs: number, nowMs: number): void {
    host.errorsInRow = 0;
    host.okInRow++;
    host.lastOkSentMs = nowMs - latencyMs;
    host.answers++;
    if (latencyMs > this.barMs) host.slow++;
    // A median in one multiplication: half of the answers push it up, half down.
    if (host.medianMs === 0) host.medianMs = latencyMs;
    else host.medianMs *= latencyMs > host.medianMs ? 1.05 : 1 / 1.05;
    // Forgiven only after it has played as long as it last sat: one lucky answer does not wipe the record.
    if (host.timesEjected > 0 && nowMs - host.ejectedUntilMs > this.sentenceMs(host.timesEjected))
      host.timesEjected = 0;
  }

  failed(host: H, nowMs: number): boolean {
    if (host.errorsInRow++ === 0) host.streakSinceMs = nowMs;
    host.okInRow = 0;
    host.answers++;
    host.failures++;
    if (!this.isAccused(host)) return false;
    this.isAnybodyAccused = true;
    return true;
  }

  isOut(host: H, nowMs: number): boolean {
    return host.ejectedUntilMs > nowMs;
  }

  isFailing(host: H): boolean {
    return host.errorsInRow >= this.options.consecutiveErrors;
  }

  isPanic(hosts: readonly H[], nowMs: number): boolean {
    return hosts.length - this.countOut(hosts, nowMs) < hosts.length * this.options.panicRatio;
  }

  judge(team: readonly H[], nowMs: number): boolean {
    let changed = this.release(nowMs);
    if (this.isAnybodyAccused) changed = this.judgeStreaks(team, nowMs) || changed;
    if (nowMs < this.lookDueMs) return changed;
    this.lookDueMs = nowMs + lookMs;
    return this.judgeAll(team, nowMs) || changed;
  }

  private errorsMax(host: H): number {
    return isUnproven(host) ? this.options.probationErrors : this.streakMax;
  }

  private isAccused(host: H): boolean {
    return host.errorsInRow >= this.errorsMax(host);
  }

  private judgeStreaks(team: readonly H[], nowMs: number): boolean {
    let changed = false;
    this.isAnybodyAccused = false;
    for (const host of team) {
      if (!this.isAccused(host) || this.isOut(host, nowMs)) continue;
      const verdict = judgeStreak(host, team, nowMs);
      if (verdict === 'shared') {
        this.say('errors', true, { hosts: team.filter((one) => one.errorsInRow > 0).length, of: team.length });
        this.spare(host, 'streak', 'shared');
      } else if (verdict === 'alone') this.spare(host, 'streak', 'alone');
      else if (verdict === 'guilty' && this.sendOff(host, 'streak', { team, nowMs })) {
        changed = true;
        continue;
      }
      // 'unheard' too: it is looked at again when the others have had their say.
      this.isAnybodyAccused = true;
    }
    return changed;
  }

  private judgeAll(team: readonly H[], nowMs: number): boolean {
    const playing = team.filter((host) => !this.isOut(host, nowMs));
    const judgment = judgeWindows(playing, team.length, nowMs);
    this.errorShare += ((judgment.errorShare ?? this.errorShare) - this.errorShare) * 0.2;
    this.streakMax = streakNeeded(this.options.consecutiveErrors, this.errorShare);
    if (judgment.typicalMs > 0) {
      this.typicalMs = judgment.typicalMs;
      this.barMs = judgment.typicalMs * this.options.slowFactor;
    }
    this.judgeSpread('errors', judgment.errors, team.length);
    this.judgeSpread('slow', judgment.slow, team.length);
    let changed = false;
    for (const host of playing) {
      const found = judgment.guilty.find((one) => one.host === host);
      if (found === undefined && host.errorsInRow === 0) host.sparedWhy = undefined;
      host.guiltyLooks = found === undefined ? 0 : host.guiltyLooks + 1;
      // Not at the first look: while a fault spreads, some have met it and others not yet.
      if (found !== undefined && (host.guiltyLooks >= 2 || host.timesEjected > 0))
        changed = this.sendOff(host, found.detector, { team, nowMs }) || changed;
    }
    return changed;
  }

  /** Shared when half have it; over when three quarters are heard to be well again, so that it is not said over and over. */
  private judgeSpread(what: 'errors' | 'slow', { ill, well }: Spread, of: number): void {
    if (of > 1 && ill * 2 >= of) this.say(what, true, { hosts: ill, of });
    else if (well * 4 >= of * 3 && !(what === 'errors' && this.isAnybodyAccused))
      this.say(what, false, { hosts: ill, of });
  }

  private sendOff(host: H, detector: Detector, { team, nowMs }: { team: readonly H[]; nowMs: number }): boolean {
    const { options } = this;
    if (team.length < 2) return this.spare(host, detector, 'alone');
    const seats = Math.max(1, Math.floor(team.length * options.shareMax));
    if (this.countOut(team, nowMs) >= seats) return this.spare(host, detector, 'seats');
    if (this.unit() >= options.enforce[detector]) {
      host.errorsInRow = 0;
      return this.spare(host, detector, 'dial');
    }
    host.timesEjected++;
    const forMs = this.sentenceMs(host.timesEjected) * (1 + options.jitter * this.unit());
    host.ejectedUntilMs = nowMs + forMs;
    host.ejectedFor = detector;
    host.errorsInRow = 0;
    this.seated.add(host);
    host.sparedWhy = undefined;
    this.tell({ kind: 'ejected', host, detector, forMs });
    return true;
  }

  /** Those whose time is over play again, with nothing held against them but the record. */
  private release(nowMs: number): boolean {
    let changed = false;
    for (const host of this.seated) {
      if (this.isOut(host, nowMs)) continue;
      this.seated.delete(host);
      host.errorsInRow = 0;
      host.answers = 0;
      host.failures = 0;
      host.slow = 0;
      host.guiltyLooks = 0;
      host.windowSinceMs = nowMs;
      changed = true;
      this.tell({ kind: 'returned', host });
    }
    return changed;
  }

  private spare(host: H, detector: Detector, why: Mercy): false {
    const told = `${detector} ${why}`;
    if (host.sparedWhy !== told) this.tell({ kind: 'spared', host, detector, why });
    host.sparedWhy = told;
    return false;
  }

  private say(what: 'errors' | 'slow', is: boolean, { hosts, of }: { hosts: number; of: number }): void {
    if (this.shared[what] === is) return;
    this.shared[what] = is;
    this.tell(is ? { kind: 'shared-fault', what, hosts, of } : { kind: 'shared-fault-over', what });
  }

  private countOut(hosts: readonly H[], nowMs: number): number {
    let out = 0;
    for (const host of hosts) if (this.isOut(host, nowMs)) out++;
    return out;
  }

  private sentenceMs(times: number): number {
    return Math.min(this.options.maxMs, this.options.baseMs * 2 ** (times - 1));
  }
}

/** Back from the bench, and not one good answer since: it gets one request at a time. */
export function isUnproven(host: Ejectable): boolean {
  return host.timesEjected > 0 && host.lastOkSentMs < host.ejectedUntilMs;
}
