// The fuse of a call: too many failures (or slow calls) and it opens, so that nobody waits for what will fail and the other side can
// recover. It reads no clock and knows no promise: it is told the time. What users of ten others asked for, and where:
//
//            too many failed or slow              openMs over, a call comes
//   closed ───────────────────────────▶ open ─────────────────────────────▶ halfOpen (few probes; the others are refused, never queued)
//     ▲                                  ▲ ◀── probes failed, or hung ───────── │ probes passed
//     └─── share is back at 1 ─── returning (share rises, falls, holds) ◀───────┘
//                                        │ fails even at its lowest share: open, for twice as long
// Half-open is sized by traffic (failsafe-go#27), returning is gentle (Polly#239), a call that began in an earlier state decides nothing
// (opossum does), expiry is by a monotonic clock (cockatiel is not), and a probe that hangs is a probe that failed (resilience4j#935).
import { type BreakerWindow, createTallyWindow, type TallyWindow } from './breaker-window.ts';

export interface BreakerSettings {
  /** Opens when this share of the calls in the window failed; default 0.5. */
  readonly failureRatio?: number | undefined;
  /** But not before this many calls are in the window; default 20. */
  readonly callsMin?: number | undefined;
  /** Default: the last 10 s, in ten buckets. */
  readonly window?: BreakerWindow | undefined;
  /** Opens as well when this share of the calls took longer than `overMs`; default: does not look at slowness. */
  readonly slow?: { readonly overMs: number; readonly ratio: number } | undefined;
  /** First break, doubled at each that follows without a full recovery, with equal jitter; default 5,000 ms. */
  readonly openMs?: number | undefined;
  /** Longest break; default 300,000 ms. */
  readonly openMaxMs?: number | undefined;
  /** At most this many probes; default 10. Fewer where there was less traffic: 5 % of the calls a second before it opened. */
  readonly probesMax?: number | undefined;
  /** A probe that takes longer has failed; default 10,000 ms. */
  readonly probeTimeoutMs?: number | undefined;
  /** Each step of the gentle return lasts at least so long; 0 closes at once. Default 500 ms. */
  readonly returnStepMs?: number | undefined;
}

export type OpenReason = 'failures' | 'slow' | 'probes' | 'probeTimeout' | 'return' | 'restored';

export type BreakerState =
  | { readonly kind: 'closed' }
  | { readonly kind: 'open'; readonly untilMs: number; readonly why: OpenReason; readonly rate: number }
  | {
      readonly kind: 'halfOpen';
      readonly probes: number;
      readonly rate: number;
      begun: number;
      passed: number;
      failed: number;
      lateMs: number;
    }
  | {
      readonly kind: 'returning';
      readonly floor: number;
      readonly rate: number;
      share: number;
      credit: number;
      stepMs: number;
      settled: number;
      failed: number;
    };

/** Said at each change. */
export type BreakerChange =
  | { readonly kind: 'opened'; readonly why: OpenReason; readonly openMs: number }
  | { readonly kind: 'halfOpen'; readonly probes: number }
  | { readonly kind: 'returning'; readonly share: number }
  | { readonly kind: 'closed' }
  | { readonly kind: 'isolated' }
  | { readonly kind: 'released' };

export interface BreakerSnapshot {
  readonly kind: BreakerState['kind'] | 'isolated' | 'forcedClosed';
  readonly calls: number;
  readonly failed: number;
  readonly slow: number;
  /** Until the next probe may go; 0 where it is not open. */
  readonly retryAfterMs: number;
  /** Share of the calls that is let through. */
  readonly share: number;
}

/** What survives a restart: durations, since the next process has another monotonic clock. */
export interface SavedBreaker {
  readonly v: 1;
  readonly kind: BreakerState['kind'];
  readonly openings: number;
  readonly openForMs: number;
  readonly rate: number;
}

/** Who is told of each change. An object, not a function, so that a policy is its own watcher and needs no closure. */
export interface BreakerWatcher {
  breakerChanged(change: BreakerChange, nowMs: number): void;
}

export interface BreakerOptions {
  readonly settings?: BreakerSettings | undefined;
  /** Uniform in [0, 1): the jitter of a break. */
  readonly unit: () => number;
  readonly watcher?: BreakerWatcher | undefined;
}

const defaults = {
  failureRatio: 0.5,
  callsMin: 20,
  window: { kind: 'time', spanMs: 10_000 },
  slow: undefined,
  openMs: 5000,
  openMaxMs: 300_000,
  probesMax: 10,
  probeTimeoutMs: 10_000,
  returnStepMs: 500,
} as const;

/** Where nothing is said these settings are shared, so an idle breaker does not carry a copy. */
const plain: Filled = Object.freeze({ ...defaults });
type Filled = { readonly [K in keyof BreakerSettings]-?: BreakerSettings[K] } & {
  readonly failureRatio: number;
  readonly callsMin: number;
  readonly window: BreakerWindow;
  readonly openMs: number;
  readonly openMaxMs: number;
  readonly probesMax: number;
  readonly probeTimeoutMs: number;
  readonly returnStepMs: number;
};
const closed: BreakerState = Object.freeze({ kind: 'closed' });
/** A step of the return is judged when at least so many calls have settled in it. */
const stepCallsMin = 5;
const probeShare = 0.05;
/** The return begins at a tenth of the traffic, but with no fewer than ten calls a second. */
const returnShare = 0.1;
const returnRate = 10;
const stepGrowth = 1.5;

/** A class, because admit and record run in every call; its fields are its state. */
export class Breaker {
  state: BreakerState = closed;
  /** Who was admitted before the last change decides nothing about the state after it. */
  private era = 0;
  private openings = 0;
  private isolations = 0;
  private closures = 0;
  private settings: Filled;
  private window: TallyWindow | undefined = undefined;
  private readonly unit: () => number;
  private readonly watcher: BreakerWatcher | undefined;

  constructor({ settings, unit, watcher }: BreakerOptions) {
    this.settings = filled(settings);
    this.unit = unit;
    this.watcher = watcher;
  }

  /** Somebody holds it by hand. */
  get isHeld(): boolean {
    return this.isolations + this.closures > 0;
  }

  /** A ticket (0 or above) for `record`, or -1: refused. */
  admit(nowMs: number): number {
    if (this.state.kind === 'closed' && this.isolations === 0) return this.era;
    return this.admitGuarded(nowMs);
  }

  /** How the call with that ticket ended. Give every ticket back, once. */
  record(ticket: number, isFailure: boolean, latencyMs: number, nowMs: number): void {
    const { slow } = this.settings;
    const mark = (isFailure ? 1 : 0) | (slow !== undefined && latencyMs > slow.overMs ? 2 : 0);
    if (ticket !== this.era) return;
    if (this.state.kind !== 'closed') {
      this.recordGuarded(mark, nowMs);
      return;
    }
    this.window ??= createTallyWindow(this.settings.window);
    this.window.add(mark, nowMs);
    if (mark !== 0) this.judge(nowMs);
  }

  /** The call with that ticket ended in a way that says nothing (the caller left): a probe's place is free again. */
  forget(ticket: number): void {
    if (ticket === this.era && this.state.kind === 'halfOpen') this.state.begun--;
  }

  /** Until a call may be tried again; 0 when it may be now. */
  retryAfterMs(nowMs: number): number {
    if (this.isolations > 0) return Number.POSITIVE_INFINITY;
    return this.state.kind === 'open' ? Math.max(0, this.state.untilMs - nowMs) : 0;
  }

  /** Refuses everything until every holder has called what it was given. */
  isolate(nowMs: number): (nowMs: number) => void {
    if (this.isolations++ === 0) this.watcher?.breakerChanged({ kind: 'isolated' }, nowMs);
    let held = true;
    return (laterMs) => {
      if (!held) return;
      held = false;
      if (--this.isolations === 0) this.watcher?.breakerChanged({ kind: 'released' }, laterMs);
    };
  }

  /** Lets everything through, and goes on counting, until every holder has called what it was given; isolation outweighs it. */
  forceClosed(nowMs: number): () => void {
    this.closures++;
    if (this.state.kind !== 'closed') this.close(nowMs);
    let held = true;
    return () => {
      if (held) this.closures--;
      held = false;
    };
  }

  /** New settings; counts stay, unless the window has another shape. */
  update(settings: BreakerSettings | undefined): void {
    const next = filled(settings);
    if (JSON.stringify(next.window) !== JSON.stringify(this.settings.window)) this.window = undefined;
    this.settings = next;
  }

  save(nowMs: number): SavedBreaker {
    const { state } = this;
    const rate = state.kind === 'closed' ? 0 : state.rate;
    const openForMs = state.kind === 'open' ? Math.max(0, state.untilMs - nowMs) : 0;
    return { v: 1, kind: state.kind, openings: this.openings, openForMs, rate };
  }

  /** Takes up a saved state: an open one stays open for what was left, one under test is tested anew. */
  restore(saved: SavedBreaker, nowMs: number): void {
    this.openings = saved.openings;
    this.era++;
    const openMs = Math.min(saved.openForMs, this.settings.openMaxMs);
    this.state =
      saved.kind === 'closed' ? closed : { kind: 'open', untilMs: nowMs + openMs, why: 'restored', rate: saved.rate };
  }

  snapshot(nowMs: number): BreakerSnapshot {
    this.window?.turn(nowMs);
    const { calls = 0, failed = 0, slow = 0 } = this.window ?? {};
    const { kind } = this.state;
    const share = this.state.kind === 'closed' ? 1 : this.state.kind === 'returning' ? this.state.share : 0;
    const shown = this.isolations > 0 ? 'isolated' : this.closures > 0 ? 'forcedClosed' : kind;
    return {
      kind: shown,
      calls,
      failed,
      slow,
      retryAfterMs: this.retryAfterMs(nowMs),
      share: this.isolations > 0 ? 0 : share,
    };
  }

  private admitGuarded(nowMs: number): number {
    if (this.isolations > 0) return -1;
    if (this.state.kind === 'halfOpen' && nowMs >= this.state.lateMs && this.state.begun > 0)
      this.open('probeTimeout', nowMs);
    if (this.state.kind === 'open') {
      if (nowMs < this.state.untilMs) return -1;
      this.halfOpen(this.state.rate, nowMs);
    }
    const { state } = this;
    if (state.kind === 'halfOpen') {
      if (state.begun >= state.probes) return -1;
      state.begun++;
      state.lateMs = nowMs + this.settings.probeTimeoutMs;
      return this.era;
    }
    if (state.kind !== 'returning') return this.era;
    state.credit += state.share;
    if (state.credit < 1) return -1;
    state.credit -= 1;
    return this.era;
  }

  private recordGuarded(mark: number, nowMs: number): void {
    const { state } = this;
    if (state.kind === 'halfOpen') this.weighProbe(state, mark, nowMs);
    else if (state.kind === 'returning') this.weighReturn(state, mark, nowMs);
  }

  private judge(nowMs: number): void {
    const { window, settings } = this;
    if (window === undefined || this.closures > 0 || window.calls < settings.callsMin) return;
    if (window.failed >= settings.failureRatio * window.calls) this.open('failures', nowMs);
    else if (settings.slow !== undefined && window.slow >= settings.slow.ratio * window.calls) this.open('slow', nowMs);
  }

  /** As soon as the probes that are still out could not change it, the verdict stands. */
  private weighProbe(state: Extract<BreakerState, { kind: 'halfOpen' }>, mark: number, nowMs: number): void {
    if (mark === 0) state.passed++;
    else state.failed++;
    const { failureRatio } = this.settings;
    if (state.failed >= failureRatio * state.probes) this.open('probes', nowMs);
    else if (state.probes - state.passed < failureRatio * state.probes) this.return(state.rate, nowMs);
  }

  /** One step of the return: up while few fail, down when many do, and held between. */
  private weighReturn(state: Extract<BreakerState, { kind: 'returning' }>, mark: number, nowMs: number): void {
    state.settled++;
    if (mark !== 0) state.failed++;
    const { failureRatio, returnStepMs } = this.settings;
    if (nowMs - state.stepMs < returnStepMs || state.settled < stepCallsMin) return;
    const ratio = state.failed / state.settled;
    if (ratio >= failureRatio && state.share <= state.floor) {
      this.open('return', nowMs);
      return;
    }
    if (ratio >= failureRatio) state.share = Math.max(state.floor, state.share / stepGrowth);
    else if (ratio < failureRatio / 2) state.share *= stepGrowth;
    if (state.share >= 1) {
      this.close(nowMs);
      return;
    }
    state.stepMs = nowMs;
    state.settled = state.failed = 0;
  }

  private open(why: OpenReason, nowMs: number): void {
    const { openMs, openMaxMs } = this.settings;
    const longest = Math.min(openMaxMs, openMs * 2 ** Math.min(30, this.openings));
    const lasts = longest / 2 + (this.unit() * longest) / 2;
    const rate =
      this.state.kind === 'closed' ? (this.window?.rate(nowMs) ?? 0) : 'rate' in this.state ? this.state.rate : 0;
    this.openings++;
    this.era++;
    this.window?.clear();
    this.state = { kind: 'open', untilMs: nowMs + lasts, why, rate };
    this.watcher?.breakerChanged({ kind: 'opened', why, openMs: lasts }, nowMs);
  }

  private halfOpen(rate: number, nowMs: number): void {
    const probes = Math.max(1, Math.min(this.settings.probesMax, Math.round(rate * probeShare)));
    this.era++;
    this.state = { kind: 'halfOpen', probes, rate, begun: 0, passed: 0, failed: 0, lateMs: Number.POSITIVE_INFINITY };
    this.watcher?.breakerChanged({ kind: 'halfOpen', probes }, nowMs);
  }

  private return(rate: number, nowMs: number): void {
    const floor = rate > 0 ? Math.min(1, Math.max(returnShare, returnRate / rate)) : 1;
    if (floor >= 1 || this.settings.returnStepMs === 0) {
      this.close(nowMs);
      return;
    }
    this.era++;
    this.state = { kind: 'returning', floor, rate, share: floor, credit: 0, stepMs: nowMs, settled: 0, failed: 0 };
    this.watcher?.breakerChanged({ kind: 'returning', share: floor }, nowMs);
  }

  private close(nowMs: number): void {
    this.era++;
    this.openings = 0;
    this.window?.clear();
    this.state = closed;
    this.watcher?.breakerChanged({ kind: 'closed' }, nowMs);
  }
}

function filled(settings: BreakerSettings | undefined): Filled {
  if (settings === undefined || Object.keys(settings).length === 0) return plain;
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { ...defaults, ...Object.fromEntries(given) } as Filled;
}
