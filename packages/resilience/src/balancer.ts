// The usher: of two seats drawn at random it sends you to the one with the shorter wait (power of two choices, Mitzenmacher
// 2001), the wait being (peak-EWMA latency + what failures cost) x (requests under way + 1). Around that: weights, slow start for newcomers and
// those who come back, the bench for those who play worse than the team (outlier-ejection.ts), the caller's own zone first. It keeps no timer and opens no connection;
// it counts what it is told, and gives judgment while it is asked. State machine of a host: table rotation (in, suspect, draining, out) x bench.
import { type BalancerHost, costOf, newHost, renew } from './balancer-host.ts';
import { type BalancerSnapshot, toSnapshot } from './balancer-snapshot.ts';
import {
  createOutlierEjection,
  defaultEjection,
  type EjectionEvent,
  type EjectionOptions,
} from './outlier-ejection.ts';
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
export type Host<M extends Member = Member> = BalancerHost<M>;

export interface BalancerOptions {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Uniform in [0, 1). */
  readonly unit: () => number;
  /** The caller's zone: its hosts are preferred while at least half of them are usable. */
  readonly zone?: string | undefined;
  /** After this long without news, 63 % of what is known of a host is forgotten. Default 10,000. */
  readonly decayMs?: number;
  /** What a failure costs, in typical latencies of the team. Default 20. */
  readonly penalty?: number;
  readonly slowStart?: Partial<SlowStartOptions>;
  readonly ejection?: Partial<EjectionOptions>;
  /** Told of every ejection, return and refusal to eject, and of a fault that half of the team shares. Must not throw. */
  readonly onEvent?: ((event: EjectionEvent<Host>) => void) | undefined;
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
  /** All that is known, for people and metrics; made anew at each call. */
  snapshot(): BalancerSnapshot;
}

const defaultSlowStart: SlowStartOptions = { rampMs: 10_000, floor: 0.1 };
/** What a failure costs while nobody has succeeded yet, so that nothing is typical. */
const unknownPenaltyMs = 1000;

export function createBalancer<M extends Member>(options: BalancerOptions): Balancer<M> {
  const { now, unit, decayMs = 10_000, penalty = 20 } = options;
  const slowStart = { ...defaultSlowStart, ...options.slowStart };
  const ejection = createOutlierEjection<Host<M>>(
    { ...defaultEjection, ...options.ejection },
    { unit, onEvent: (event) => hear(event) },
  );
  let hosts: Host<M>[] = [];
  /** Hosts that the table allows; recomputed by update. */
  let allowed: Host<M>[] = [];
  /** Those of them that traffic is meant for (the near zone, or all); they are each other's measure. */
  let team: Host<M>[] = [];
  /** `team` without the bench, valid until `freshUntilMs`. */
  let usable: Host<M>[] = [];
  let freshUntilMs = Number.NEGATIVE_INFINITY;
  /** Effective weights of `usable`; undefined when all are equal. */
  let weights: number[] | undefined;
  let penaltyMs = unknownPenaltyMs;

  const hear = (event: EjectionEvent<Host<M>>) => {
    if (event.kind === 'returned') {
      event.host.inSinceMs = now();
      event.host.ewma.forgive();
    }
    options.onEvent?.(event);
  };
  const refresh = (nowMs: number) => {
    ejection.judge(team, nowMs);
    if (ejection.typicalMs > 0) penaltyMs = ejection.typicalMs * penalty;
    team = preferZone(allowed, options.zone, (host) => !ejection.isOut(host, nowMs) && !ejection.isFailing(host));
    usable = ejection.isPanic(team, nowMs) ? team : team.filter((host) => !ejection.isOut(host, nowMs));
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
        return host === undefined ? newHost(member, nowMs, decayMs) : renew(host, member, nowMs);
      });
      const inRotation = hosts.filter((host) => host.member.state === 'in');
      allowed = inRotation.length > 0 ? inRotation : hosts.filter((host) => host.member.state === 'suspect');
      team = allowed;
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
      return costOf(b, nowMs, penaltyMs) < costOf(a, nowMs, penaltyMs) ? b : a;
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
        ejection.succeeded(host, latencyMs, nowMs);
        return;
      }
      host.ewma.failed(latencyMs, nowMs);
      // At once, not at the next look: the failure that makes it enough is the last one that it gets.
      if (ejection.failed(host, nowMs)) invalidate();
    },
    snapshot: () => toSnapshot(hosts, ejection, { nowMs: now(), penaltyMs, isPanic: ejection.isPanic(team, now()) }),
  };
}

/** The near ones while at least half of them are well; with less they would drown in what the whole zone sends. */
function preferZone<M extends Member>(
  allowed: Host<M>[],
  zone: string | undefined,
  isWell: (host: Host<M>) => boolean,
): Host<M>[] {
  if (zone === undefined) return allowed;
  const near = allowed.filter((host) => host.member.zone === zone);
  const well = near.filter(isWell).length;
  return well > 0 && well * 2 >= near.length ? near : allowed;
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
