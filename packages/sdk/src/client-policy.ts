// What stands between a client and the service it calls, one set a client: a breaker, and where asked for a bulkhead or adaptive limit,
// second calls for the late (hedging), rate limit, throttle, faults on purpose. The rules and their engine are those of
// @hale/resilience; this file says what a try means to them. Two thoughts of its own: what one replica did wrong and another
// mends is nothing to the breaker (ejection deals with replicas, the breaker with the service); and when the table names
// other replicas, an open breaker has been overtaken by events and is forgotten.
import { type Clock, createRng, randomSeed } from '@hale/base';
import {
  type CacheSettings,
  createHedgeRule,
  type HedgeRule,
  type HedgeSettings,
  hedgeLayer,
  type Policy,
  type PolicyEvent,
  type PolicySettings,
  type PolicySnapshot,
  policy,
  type Verdict,
  verdicts,
} from '@hale/resilience';
import type { Tried } from './attempt.ts';
import type { Outbound } from './outbound.ts';

/** Each part as `policy({...})` of @hale/resilience knows it; what is left out is not there, but for the breaker. */
export interface ClientPolicy
  extends Pick<PolicySettings, 'bulkhead' | 'adaptiveLimit' | 'rateLimit' | 'clientThrottle' | 'faultInjection'> {
  /** On with its defaults unless false: half of at least 20 calls in ten seconds failed, on more than one replica where there are more. */
  readonly breaker?: PolicySettings['breaker'] | false;
  /** GET answers are kept, and those who ask the same at once send one; see reply-cache.ts for what is kept. Not there unless given. */
  readonly cache?: CacheSettings;
  /** A second call to another replica when the first is late; for GET, HEAD and OPTIONS only. */
  readonly hedge?: Omit<HedgeSettings, 'safe'>;
}

/** A try and what it says about the service; `verdict` undefined: it went well. */
export interface Judged {
  readonly tried: Tried;
  readonly verdict: Verdict | undefined;
}

export interface ClientPolicies {
  /** Runs one try under the policies. Rejects with HALE_RESILIENCE_* when it may not be made. */
  run<T extends Judged>(call: Outbound, signal: (() => AbortSignal) | undefined, fn: TryFn<T>): Promise<T>;
  update(settings: ClientPolicy): void;
  /** The table names other replicas. */
  moved(): void;
  snapshot(): PolicySnapshot;
  on(listener: (event: PolicyEvent) => void): () => void;
}

/** `signal` is there where the try may be given up for another (hedging). */
export type TryFn<T> = (signal: AbortSignal | undefined) => Promise<T>;

const hedged = new Set(['GET', 'HEAD', 'OPTIONS']);
const rng = createRng(randomSeed());
const unit = () => rng.unit();

export function createClientPolicies(service: string, clock: Clock, first: ClientPolicy): ClientPolicies {
  let settings = first;
  const listeners = new Set<(event: PolicyEvent) => void>();
  const events = {
    get heard() {
      return listeners.size > 0;
    },
    tell(event: PolicyEvent) {
      for (const listener of listeners) listener(event);
    },
  };
  const make = (): Policy => {
    const made = policy(settingsOf(service, settings), { clock, unit });
    if (events.heard) made.on(events.tell);
    return made;
  };
  let tries = make();
  let hedge: HedgeRule | undefined = hedgeOf(undefined, settings);
  return {
    run<T extends Judged>(call: Outbound, signal: (() => AbortSignal) | undefined, fn: TryFn<T>): Promise<T> {
      const rule = hedge !== undefined && hedged.has(call.method) ? hedge : undefined;
      const race = async (leg: { readonly signal: AbortSignal }) => lost(await fn(leg.signal));
      const once = rule === undefined ? () => fn(undefined) : hedgeLayer(rule, { clock, unit, events })(race);
      // Only in a queue can a call be that its own thread (ride.ts) does not reach.
      const queues = settings.bulkhead !== undefined || settings.adaptiveLimit !== undefined || rule !== undefined;
      const own = queues ? signal?.() : undefined;
      const { priority } = call;
      const result = tries.execute(once, own === undefined ? { priority } : { priority, signal: own });
      return rule === undefined ? result : result.catch(found<T>);
    },
    update(next) {
      // First what may refuse its numbers.
      const rule = hedgeOf(hedge, next);
      tries.update(settingsOf(service, next));
      settings = next;
      hedge = rule;
    },
    moved() {
      const kind = tries.snapshot().breaker?.kind;
      if (kind === 'open' || kind === 'halfOpen') tries = make();
    },
    snapshot: () => tries.snapshot(),
    on(listener) {
      if (listeners.size === 0) tries.on(events.tell);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function settingsOf(service: string, { breaker, hedge: _hedge, cache: _cache, ...rest }: ClientPolicy): PolicySettings {
  return {
    ...rest,
    name: service,
    ...(breaker === false ? {} : { breaker: breaker ?? {} }),
    // What is thrown here is the caller's doing: he left, or asked for what cannot be sent.
    classify: (error) => (error instanceof LostLeg ? error.round.verdict! : verdicts.ours),
    judge: (answer) => (answer as Judged).verdict,
  };
}

function hedgeOf(rule: HedgeRule | undefined, { hedge }: ClientPolicy): HedgeRule | undefined {
  if (hedge === undefined) return undefined;
  if (rule === undefined) return createHedgeRule({ ...hedge, safe: true });
  rule.update({ ...hedge, safe: true });
  return rule;
}

/** A leg that went badly must not win the race: it is thrown through it, and caught behind it. */
class LostLeg {
  readonly round: Judged;
  constructor(round: Judged) {
    this.round = round;
  }
}

function lost<T extends Judged>(round: T): T {
  if (round.verdict === undefined) return round;
  throw new LostLeg(round);
}

function found<T extends Judged>(error: unknown): T {
  if (error instanceof LostLeg) return error.round as T;
  throw error;
}

/** What a try says about the service. `goesOn`: another replica will be asked, so it says nothing yet. */
export function verdictOf(tried: Tried, goesOn: boolean): Verdict | undefined {
  if (tried.kind === 'error') {
    if (goesOn || isRefusedConnection(tried.error)) return verdicts.elsewhere;
    return tried.late ? verdicts.overload : verdicts.failed;
  }
  const { refused, reply } = tried;
  if (refused === 'draining' || refused === 'deadline' || refused === 'open') return verdicts.elsewhere;
  if (reply.status < 500 && reply.status !== 429) return undefined;
  if (goesOn) return verdicts.elsewhere;
  return refused !== undefined || reply.status === 429 ? verdicts.overload : verdicts.failed;
}

/** It costs nobody anything, and the table or ejection takes care of it. */
function isRefusedConnection(error: Error): boolean {
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
}
