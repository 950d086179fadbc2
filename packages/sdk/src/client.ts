// The telephone to another service: it knows where the replicas are, rings the one that answers soonest, and rings another when
// nobody picks up, if what is asked is safe to ask twice. The caller's patience (timeoutMs) bounds it all. How a call goes on
// behind this face: outbound.ts (the letter), rounds.ts (whom to ring, how often), attempt.ts (one ringing).
import { type Clock, createSystemClock } from '@hale/base';
import { createRetryBudget, type PolicyEvent, type PolicySnapshot, type Priority } from '@hale/resilience';
import type { Dispatcher } from 'undici';
import { createChooser } from './chooser.ts';
import { type ClientPolicy, createClientPolicies } from './client-policy.ts';
import type { DegradedList } from './degraded.ts';
import { createEndpointBook, type EndpointSource, staticBook } from './endpoints.ts';
import { sdkError } from './errors.ts';
import { withFallback } from './fallback.ts';
import { type Outbound, type OutboundDefaults, prepare } from './outbound.ts';
import { createPatienceList } from './patience-list.ts';
import type { Reply, ReplyLike } from './reply.ts';
import { createReplyCache, type ReplyCache } from './reply-cache.ts';
import { type Exchange, place, type RoundsSettings } from './rounds.ts';
import { checkKnown, type Environment, endpointsVariable, tableFileOf } from './surroundings.ts';
import { createWire } from './wire.ts';

export interface CallOptions {
  /** Default GET, or POST when there is a body. */
  readonly method?: Dispatcher.HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text or bytes: it may have to be sent again, so streams are not taken. */
  readonly body?: string | Uint8Array;
  /** Sent as JSON. */
  readonly json?: unknown;
  /**
   * Makes a POST or PATCH safe to repeat, where the called service honours it. 'auto': derived from the key of the request being answered, the
   * same each time that request is worked on again (the n-th call of this method and path); no key when the request has none.
   */
  readonly idempotencyKey?: string;
  /** Default: that of the request being answered, or 'normal'. An overloaded service refuses 'sheddable' first. */
  readonly priority?: Priority;
  /** The whole call, tries included. Default 10,000; never longer than the caller of the request being answered waits. */
  readonly timeoutMs?: number;
  /** One try, to the first byte of the answer. Default 3,000. */
  readonly tryTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Answers in the place of a service that cannot; the reply is marked as degraded. Throw the error again to fail after all. */
export type Fallback = (error: Error, call: FallbackCall) => ReplyLike | Promise<ReplyLike>;

export interface FallbackCall {
  readonly service: string;
  readonly method: string;
  readonly path: string;
}

export interface ClientOptions {
  /** Replicas at fixed addresses, such as 'http://10.0.0.1:80', in place of Hale's table. Read once, when the client is made. */
  readonly endpoints?: readonly string[];
  readonly timeoutMs?: number;
  readonly tryTimeoutMs?: number;
  /** Tries of one call, the first included. Default 3. */
  readonly triesMax?: number;
  /** Connections to one replica. Default 32. Read once. */
  readonly connectionsMax?: number;
  /** The longest body that json(), text() and bytes() take. Default 64 MiB. */
  readonly answerBytesMax?: number;
  /** Answers where the service cannot: when a call failed for good, or was answered with 500 or more. */
  readonly fallback?: Fallback;
  /** Breaker (on by default), bulkhead, adaptive limit, hedging, rate limit, throttle, faults on purpose. */
  readonly policy?: ClientPolicy;
}

export interface Client {
  readonly service: string;
  /**
   * Calls `path` of the service. Any status is an answer; what rejects is a HaleError:
   * HALE_SDK_NO_REPLICA, HALE_SDK_CALL_TIMEOUT, HALE_SDK_CALL_FAILED, HALE_SDK_CALL_REFUSED.
   *
   * @example
   * const reply = await payments.fetch('/charge', { json: { amount: 42 }, idempotencyKey: order.id });
   * if (reply.ok) return reply.json();
   */
  fetch(path: string, options?: CallOptions): Promise<Reply>;
  /** What its policies have counted, and the breaker's state. */
  snapshot(): PolicySnapshot;
  /** Hears every decision of its policies; gives the way to stop. */
  on(listener: (event: PolicyEvent) => void): () => void;
  /** Other settings from the next call on; what was counted stays. Throws HALE_SDK_CLIENT_INVALID, HALE_RESILIENCE_SETTINGS. */
  update(options: ClientOptions): void;
  close(): Promise<void>;
}

export interface ClientSource extends EndpointSource {
  /** The service that calls. */
  readonly caller: string;
  readonly zone: string | undefined;
  readonly degraded: DegradedList | undefined;
}

/**
 * A client without a service around it: for scripts, and for programs outside Hale. Addresses come from `endpoints`, from
 * HALE_ENDPOINTS_<SERVICE> (a list with commas), from Hale's table or from HALE_URL_<SERVICE>, the first there is.
 *
 * @example
 * const payments = createClient({ service: 'payments', endpoints: ['http://10.0.0.1:80', 'http://10.0.0.2:80'] });
 * const reply = await payments.fetch('/charge', { json: { cents: 420 }, idempotencyKey: 'o-1' });
 */
export function createClient(
  options: ClientOptions & { readonly service: string; readonly env?: Environment; readonly clock?: Clock },
): Client {
  const { service, env = process.env, clock = createSystemClock() } = options;
  const around = { zone: env['HALE_ZONE'], tableFile: tableFileOf(env) };
  return createServiceClient({ service, env, clock, caller: '', degraded: undefined, ...around }, options);
}

/** A client of `source.service`. Connections are opened at the first call. */
export function createServiceClient(source: ClientSource, options: ClientOptions = {}): Client {
  const { service, clock, zone, env, caller } = source;
  const listed = options.endpoints ?? env[endpointsVariable(service)]?.split(',').map((text) => text.trim());
  if (listed === undefined) checkKnown(service, { env, caller });
  const book = listed === undefined ? createEndpointBook(source) : staticBook(service, listed);
  let settings = checked(service, options);
  const wire = createWire(options.connectionsMax ?? 32);
  const policies = createClientPolicies(service, clock, settings.policy ?? {});
  const moved = (origins: ReadonlySet<string>) => {
    wire.keep(origins);
    policies.moved();
  };
  const exchange: Exchange = {
    service,
    clock,
    wire,
    chooser: createChooser({ book, clock, zone, moved }),
    policies,
    patience: createPatienceList(clock),
    budget: createRetryBudget({ now: () => clock.mono() }),
  };
  let cache: ReplyCache | undefined;
  cache = cacheOf(settings);
  let defaults = defaultsOf(settings);
  let rounds = roundsOf(settings);
  return {
    service,
    // Async, so that a wrong option rejects like every other failure.
    async fetch(path, callOptions = {}) {
      const call = prepare(path, callOptions, defaults);
      const ring = (one: Outbound) => place(one, exchange, rounds);
      const play = () => (cache === undefined ? ring(call) : cache.fetch(call, ring));
      const { fallback } = settings;
      return fallback === undefined
        ? play()
        : withFallback(call, { service, fallback, degraded: source.degraded }, play);
    },
    update(next) {
      const wanted = checked(service, { ...settings, ...next });
      if (next.policy !== undefined) policies.update(next.policy);
      cache = cacheOf(wanted);
      settings = wanted;
      defaults = defaultsOf(settings);
      rounds = roundsOf(settings);
    },
    snapshot: () => policies.snapshot(),
    on: (listener) => policies.on(listener),
    close: () => wire.close(),
  };

  function cacheOf({ policy }: ClientOptions): ReplyCache | undefined {
    if (policy?.cache === undefined) return undefined;
    cache?.update(policy.cache);
    return cache ?? createReplyCache(policy.cache, exchange);
  }

  function defaultsOf({ timeoutMs = 10_000, tryTimeoutMs = 3_000 }: ClientOptions): OutboundDefaults {
    return { caller, service, clock, timeoutMs, tryTimeoutMs };
  }
}

function roundsOf({ triesMax = 3, answerBytesMax = 67_108_864 }: ClientOptions): RoundsSettings {
  return { triesMax, answerBytesMax };
}

const ranges = {
  timeoutMs: [1, 86_400_000],
  tryTimeoutMs: [1, 86_400_000],
  triesMax: [1, 10],
  connectionsMax: [1, 10_000],
  answerBytesMax: [1, 2 ** 32],
} as const;

function checked(service: string, options: ClientOptions): ClientOptions {
  for (const [name, [min, max]] of Object.entries(ranges)) {
    const value = options[name as keyof typeof ranges];
    if (value === undefined || (value >= min && value <= max)) continue;
    throw sdkError(
      'HALE_SDK_CLIENT_INVALID',
      `${name} of the client of ${service} is ${value}: it must be from ${min} to ${max}`,
    );
  }
  return options;
}
