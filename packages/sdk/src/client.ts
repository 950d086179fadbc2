// The telephone to another service: it knows where the replicas are, rings the one that answers soonest, and rings
// another when nobody picks up, if what is asked is safe to ask twice. The caller's patience (timeoutMs) bounds it all.
// Safe to repeat: anything that was surely not sent; and, before an answer began, idempotent methods or calls
// with an Idempotency-Key (only where the called service honours it).
import type { Clock } from '@hale/base';
import { createRetryBudget, type RetryBudget, tighter } from '@hale/resilience';
import type { Dispatcher } from 'undici';
import { type Choice, type Chooser, createChooser } from './chooser.ts';
import { createEggTimer } from './egg-timer.ts';
import { createEndpointBook, type EndpointSource } from './endpoints.ts';
import { sdkError } from './errors.ts';
import { callerDueMs, patienceHeader } from './patience.ts';
import { type Reply, toReply } from './reply.ts';
import { urlVariable } from './surroundings.ts';
import { createWire, type Wire } from './wire.ts';

export interface CallOptions {
  /** Default GET, or POST when there is a body. */
  readonly method?: Dispatcher.HttpMethod;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text or bytes: it may have to be sent again, so streams are not taken. */
  readonly body?: string | Uint8Array;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Makes a POST or PATCH safe to repeat, where the called service honours it. */
  readonly idempotencyKey?: string;
  /** The whole call, tries included. Default 10,000. */
  readonly timeoutMs?: number;
  /** One try, to the first byte of the answer. Default 3,000. */
  readonly tryTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ClientOptions {
  readonly timeoutMs?: number;
  readonly tryTimeoutMs?: number;
  /** Tries of one call, the first included. Default 3. */
  readonly triesMax?: number;
  /** Connections to one replica. Default 32. */
  readonly connectionsMax?: number;
}

export interface Client {
  readonly service: string;
  /**
   * Calls `path` of the service. Any status is an answer; what rejects is a HaleError:
   * HALE_SDK_NO_REPLICA, HALE_SDK_CALL_TIMEOUT, HALE_SDK_CALL_FAILED.
   *
   * @example
   * const reply = await payments.fetch('/charge', { json: { amount: 42 }, idempotencyKey: order.id });
   * if (reply.ok) return reply.json();
   */
  fetch(path: string, options?: CallOptions): Promise<Reply>;
  close(): Promise<void>;
}

export interface ClientSource extends EndpointSource {
  readonly zone: string | undefined;
}

const repeatableMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']);
/** Answers of a replica or a proxy that could not serve: another replica may. */
const repeatableStatuses = new Set([502, 503, 504]);

/** A client of `source.service`. Connections are opened at the first call. */
export function createClient(source: ClientSource, options: ClientOptions = {}): Client {
  const { service, clock, zone } = source;
  const exchange: Exchange = {
    service,
    clock,
    wire: createWire(options.connectionsMax ?? 32),
    triesMax: options.triesMax ?? 3,
    chooser: createChooser(createEndpointBook(source), clock, zone),
    retries: createRetryBudget({ now: () => clock.mono() }),
  };
  return {
    service,
    fetch: (path, callOptions = {}) => place(prepare(path, { ...options, ...callOptions }, clock), exchange),
    close: () => exchange.wire.close(),
  };
}

interface Call {
  readonly path: string;
  readonly method: Dispatcher.HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  readonly repeatable: boolean;
  readonly dueMs: number;
  readonly tryTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface Exchange {
  readonly service: string;
  readonly wire: Wire;
  readonly clock: Clock;
  readonly triesMax: number;
  readonly chooser: Chooser;
  readonly retries: RetryBudget;
}

function prepare(path: string, options: CallOptions, clock: Clock): Call {
  const headers: Record<string, string> = { ...options.headers };
  let body = options.body;
  if (options.json !== undefined) {
    body = JSON.stringify(options.json);
    headers['content-type'] ??= 'application/json';
  }
  if (options.idempotencyKey !== undefined) headers['idempotency-key'] = options.idempotencyKey;
  const method = options.method ?? (body === undefined ? 'GET' : 'POST');
  return {
    path: path.startsWith('/') ? path : `/${path}`,
    method,
    headers,
    body,
    repeatable: repeatableMethods.has(method) || headers['idempotency-key'] !== undefined,
    dueMs: tighter(clock.mono() + (options.timeoutMs ?? 10_000), callerDueMs()) ?? 0,
    tryTimeoutMs: options.tryTimeoutMs ?? 3_000,
    signal: options.signal,
  };
}

async function place(call: Call, exchange: Exchange): Promise<Reply> {
  const { chooser, clock, retries, triesMax } = exchange;
  let last: { choice: Choice; why: unknown } | undefined;
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const leftMs = call.dueMs - clock.mono();
    const choice = leftMs > 0 ? chooser.choose(last?.choice) : undefined;
    if (choice === undefined) break;
    const result = await tryOnce(call, { exchange, choice, timeoutMs: Math.min(leftMs, call.tryTimeoutMs) });
    if (attempt > 1) retries.settled();
    if (result.kind === 'reply' && !repeatableStatuses.has(result.reply.status)) {
      retries.deposit();
      return result.reply;
    }
    // Paid for when it is planned: a crowd of failing calls must not become a crowd of retries.
    const mayRepeat = attempt < triesMax && (call.repeatable || result.unsent) && retries.withdraw();
    if (result.kind === 'reply') {
      if (!mayRepeat) return result.reply;
      await result.reply.discard();
    } else if (!mayRepeat) {
      throw failure(call, exchange, result.error);
    }
    last = { choice, why: result.kind === 'reply' ? `it answered ${result.reply.status}` : result.error };
  }
  if (last === undefined)
    throw call.dueMs <= clock.mono() ? failure(call, exchange, 'no time was left') : nobody(exchange.service);
  retries.settled();
  throw failure(call, exchange, last.why);
}

type TryResult =
  | { readonly kind: 'reply'; readonly reply: Reply; readonly unsent: false }
  | { readonly kind: 'error'; readonly error: unknown; readonly unsent: boolean };

async function tryOnce(
  call: Call,
  how: { readonly exchange: Exchange; readonly choice: Choice; readonly timeoutMs: number },
): Promise<TryResult> {
  const { choice, exchange, timeoutMs } = how;
  const { clock, wire } = exchange;
  const timer = createEggTimer(clock, call.signal);
  timer.set(timeoutMs);
  try {
    const response = await wire.request(choice.origin + call.path, {
      method: call.method,
      headers: { ...call.headers, [patienceHeader]: String(Math.ceil(timeoutMs)) },
      ...(call.body === undefined ? {} : { body: call.body }),
      signal: timer.signal,
    });
    timer.set(Math.max(0, call.dueMs - clock.mono()));
    response.body.once('close', () => timer.putAway());
    choice.done(response.statusCode >= 500 ? 'failed' : 'ok');
    return { kind: 'reply', reply: toReply(response, choice.key), unsent: false };
  } catch (error) {
    timer.putAway();
    const cancelled = call.signal?.aborted === true;
    choice.done(cancelled ? 'cancelled' : 'failed');
    if (cancelled) throw call.signal?.reason;
    return { kind: 'error', error, unsent: wire.wasUnsent(error) };
  }
}

function failure(call: Call, exchange: Exchange, cause: unknown): Error {
  const late = exchange.clock.mono() >= call.dueMs || isTimeout(cause);
  const why = cause instanceof Error ? cause.message : String(cause);
  return sdkError(
    late ? 'HALE_SDK_CALL_TIMEOUT' : 'HALE_SDK_CALL_FAILED',
    `${call.method} ${call.path} of ${exchange.service} ${late ? 'was not answered in time' : 'failed'}: ${why}`,
    { cause, retriable: true },
  );
}

function nobody(service: string): Error {
  return sdkError('HALE_SDK_NO_REPLICA', `no address of ${service} is known (${urlVariable(service)} is not set)`, {
    retriable: true,
    details: { service },
  });
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}
