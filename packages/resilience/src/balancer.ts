// The usher: of two seats drawn at random it sends you to the one with the shorter wait (power of two choices, Mitzenmacher
// 2001), the wait being peak-EWMA latency x (requests under way + 1). Around that: weights, slow start for newcomers, the bench for
// those that fail in a row, the caller's own zone first. It keeps no timer and opens no connection;
// it counts what it is told. State machine of a host: table rotation (in, suspect, draining, out) x bench (see outlier-ejection.ts).
import { createOutlierEjection, type Ejectable, type EjectionOptions } from './outlier-ejection.ts';
import { createPeakEwma, type PeakEwma } from './peak-ewma.ts';
import { rampShare, type SlowStartOptions } from './slow-start.ts';

/** As in the endpoint table. 'suspect' is used only when nobody is 'in'; the other two get nothing new. */
export type Rotation = 'in' | 'suspect' | 'draining' | 'out';

export interface Member {
  /** Identity of one life: a restarted replica is another member. */
  readonly id: string;
  readonly zone: string;
  /** Relative share, 100 by default; 0 gets nothing while others exist. */
  readonly weight: number;
  readonly state: Rotation;
}

/** A member with what the balancer remembers of it. The same object as long as the id stays. */
export interface Host<M extends Member = Member> extends Ejectable {
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

export interface BalancerOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly unit: () => number;
  /** The caller's zone: its hosts are preferred while at least half of them are usable. */
  readonly zone?: string | undefined;
  readonly decayMs?: number;
  readonly penaltyMs?: number;
  readonly slowStart?: Partial<SlowStartOptions>;
  readonly ejection?: Partial<EjectionOptions>;
}

export interface Balancer<M extends Member = Member> {
  readonly hosts: readonly Host<M>[];
  /** Takes a new table; hosts that stay keep their memory. Gives those that are gone. */
  update(members: readonly M[]): readonly Host<M>[];
  /** Where to send the next request; `avoid` (the one just tried) only when there is no other. Undefined when nobody may get any. */
  pick(avoid?: Host<M>): Host<M> | undefined;
  /** The request is on its way. */
  begin(host: Host<M>): void;
  /** Its first byte is here, or its failure; once a request. Callers whose answers come whole may leave this out. */
  answered(host: Host<M>): void;
  /** It ended after `latencyMs`. 'cancelled' (the caller left) says nothing about the host. */
  end(host: Host<M>, outcome: 'ok' | 'failed' | 'cancelled', latencyMs: number): void;
}

const defaultSlowStart: SlowStartOptions = { rampMs: 10_000, floor: 0.1 };
const defaultEjection: EjectionOptions = {
  consecutiveErrors: 5,
  baseMs: 5000,
  maxMs: 300_000,
  shareMax: 0.1,
  panicRatio: 0.5,
};
/** A host never heard of, with requests already waiting on it, must not look free (Finagle's penalty). */
const unprobedCostMs = 1000;

export function createBalancer<M extends Member>(options: BalancerOptions): Balancer<M> {
  const { now, unit } = options;
  const slowStart = { ...defaultSlowStart, ...options.slowStart };
  const ejection = createOutlierEjection({ ...defaultEjection, ...options.ejection });
  const ewmaOptions = { decayMs: options.decayMs ?? 10_000, penaltyMs: options.penaltyMs ?? 1000 };
  let hosts: Host<M>[] = [];
  /** Hosts that the table allows; recomputed by update. */
  let allowed: Host<M>[] = [];
  /** `allowed` after bench and zone, valid until `freshUntilMs`. */
  let usable: Host<M>[] = [];
  let freshUntilMs = Number.NEGATIVE_INFINITY;
  /** Effective weights of `usable`; undefined when all are equal. */
  let weights: number[] | undefined;

  const refresh = (nowMs: number) => {
    const panic = ejection.isPanic(allowed, nowMs);
    const playing = panic ? allowed : allowed.filter((host) => !ejection.isOut(host, nowMs));
    usable = preferZone(playing, allowed, options.zone);
    const shares = usable.map((host) => host.member.weight * rampShare(nowMs - host.inSinceMs, slowStart));
    weights = shares.every((share) => share === shares[0]) ? undefined : shares;
    // Ramps and the bench move slowly; looking every 20 ms keeps a pick at two dice and two multiplications.
    freshUntilMs = nowMs + 20;
  };
  const invalidate = () => {
    freshUntilMs = Number.NEGATIVE_INFINITY;
  };

  return {
    get hosts() {
      return hosts;
    },
    update(members) {
      const known = new Map(hosts.map((host) => [host.member.id, host]));
      const nowMs = now();
      hosts = members.map((member) => {
        const host = known.get(member.id);
        known.delete(member.id);
        return host === undefined ? newHost(member, nowMs, ewmaOptions) : renew(host, member, nowMs);
      });
      const inRotation = hosts.filter((host) => host.member.state === 'in');
      allowed = inRotation.length > 0 ? inRotation : hosts.filter((host) => host.member.state === 'suspect');
      invalidate();
      return [...known.values()];
    },
    pick(avoid) {
      const nowMs = now();
      if (nowMs >= freshUntilMs) refresh(nowMs);
      const count = usable.length;
      if (count <= 1) return usable[0] === avoid ? (otherThan(allowed, avoid) ?? usable[0]) : usable[0];
      const first = draw(count, weights, unit(), -1);
      // Never the same twice: half of the point of two choices would be lost on whoever is frozen.
      const second = draw(count, weights, unit(), first);
      const a = usable[first]!;
      const b = usable[second]!;
      if (a === avoid) return b;
      if (b === avoid) return a;
      return cost(b, nowMs) < cost(a, nowMs) ? b : a;
    },
    begin(host) {
      if (host.waiting === 0) host.quietSinceMs = now();
      host.pending++;
      host.waiting++;
    },
    answered(host) {
      host.waiting--;
      host.quietSinceMs = now();
    },
    end(host, outcome, latencyMs) {
      const nowMs = now();
      host.pending--;
      if (host.waiting > host.pending) {
        host.waiting = host.pending;
        host.quietSinceMs = nowMs;
      }
      if (outcome === 'cancelled') return;
      if (outcome === 'ok') {
        host.ewma.succeeded(latencyMs, nowMs);
        ejection.succeeded(host, nowMs);
        return;
      }
      host.ewma.failed(latencyMs, nowMs);
      if (ejection.failed(host, allowed, nowMs)) invalidate();
    },
  };
}

function cost(host: Host, nowMs: number): number {
  // A frozen host has a fine average for ever. That nothing comes back while somebody waits is the sample it cannot give.
  const silenceMs = host.waiting > 0 ? nowMs - host.quietSinceMs : 0;
  const latencyMs = Math.max(host.ewma.cost(nowMs), silenceMs);
  if (latencyMs === 0 && host.pending > 0) return unprobedCostMs + host.pending;
  return latencyMs * (host.pending + 1);
}

function newHost<M extends Member>(member: M, nowMs: number, ewma: { decayMs: number; penaltyMs: number }): Host<M> {
  return {
    member,
    pending: 0,
    waiting: 0,
    quietSinceMs: nowMs,
    ewma: createPeakEwma({ ...ewma, nowMs }),
    inSinceMs: nowMs,
    errorsInRow: 0,
    timesEjected: 0,
    ejectedUntilMs: 0,
  };
}

/** A host that comes back from 'out' or 'draining' ramps up again; 'suspect' and back does not, it was warm all the time. */
function renew<M extends Member>(host: Host<M>, member: M, nowMs: number): Host<M> {
  const wasCold = host.member.state === 'out' || host.member.state === 'draining';
  if (wasCold && (member.state === 'in' || member.state === 'suspect')) host.inSinceMs = nowMs;
  host.member = member;
  return host;
}

function preferZone<M extends Member>(
  playing: Host<M>[],
  allowed: readonly Host<M>[],
  zone: string | undefined,
): Host<M>[] {
  if (zone === undefined) return playing;
  const near = playing.filter((host) => host.member.zone === zone);
  const nearAll = allowed.filter((host) => host.member.zone === zone).length;
  // With less than half of the near ones left, they would drown in what the whole zone sends.
  return near.length > 0 && near.length * 2 >= nearAll ? near : playing;
}

function otherThan<T>(items: readonly T[], avoid: T): T | undefined {
  return items.find((item) => item !== avoid) ?? items[0];
}

/** An index other than `except`, drawn by weight with `dice` in [0, 1); by plain chance when no weights are given or all are 0. */
function draw(count: number, weights: readonly number[] | undefined, dice: number, except: number): number {
  let total = 0;
  if (weights !== undefined) for (let i = 0; i < count; i++) if (i !== except) total += weights[i]!;
  if (weights === undefined || total <= 0) {
    const index = Math.floor(dice * (except < 0 ? count : count - 1));
    return except >= 0 && index >= except ? index + 1 : index;
  }
  let rest = dice * total;
  let last = 0;
  for (let i = 0; i < count; i++) {
    if (i === except) continue;
    last = i;
    rest -= weights[i]!;
    if (rest < 0) return i;
  }
  return last;
}
