// The letter before it is sent: method, body and headers of one call, with what it carries on behalf of the request being answered.
// What the user gives wins over what is carried; only a deadline is never loosened.
import { type Clock, createRng, randomSeed } from '@hale/base';
import {
  formatPatience,
  type Priority,
  patienceHeader,
  priorityHeader,
  retriesLeftHeader,
  tighter,
} from '@hale/resilience';
import type { Dispatcher } from 'undici';
import type { CallOptions } from './client.ts';
import { type InboundCall, inboundCall } from './current-call.ts';
import { sdkError } from './errors.ts';
import { faultOfKey, keyHeader } from './inbound-words.ts';
import { beginTrace, childOf } from './trace.ts';

export interface Outbound {
  readonly path: string;
  readonly method: Dispatcher.HttpMethod;
  readonly body: string | Uint8Array | null;
  /** Flat: name, value, ... */
  readonly headers: readonly string[];
  /** The method, or a key, promises that twice is as good as once. */
  readonly isRepeatable: boolean;
  readonly priority: Priority;
  /** Undefined where the user set one. */
  readonly traceparent: string | undefined;
  /** Mono ms. */
  readonly dueMs: number;
  /** What this call alone would wait, whoever it is for. */
  readonly timeoutMs: number;
  readonly tryTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** On whose behalf. */
  readonly inbound: InboundCall | undefined;
}

const repeatableMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']);
const rng = createRng(randomSeed());

export interface OutboundDefaults {
  /** Who calls, and whom: part of an 'auto' key. */
  readonly caller: string;
  readonly service: string;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly tryTimeoutMs: number;
}

/** Throws HALE_SDK_CLIENT_INVALID for a key that cannot be sent. */
export function prepare(path: string, options: CallOptions, defaults: OutboundDefaults): Outbound {
  const { clock } = defaults;
  const inbound = inboundCall();
  const own: Record<string, string> = {};
  for (const name in options.headers) own[name.toLowerCase()] = options.headers[name]!;
  // Said anew for each try; twice would be nonsense to whoever reads it.
  delete own[patienceHeader];
  delete own[retriesLeftHeader];
  let body = options.body ?? null;
  if (options.json !== undefined) {
    body = JSON.stringify(options.json);
    own['content-type'] ??= 'application/json';
  }
  const method = options.method ?? (body === null ? 'GET' : 'POST');
  const at = path.startsWith('/') ? path : `/${path}`;
  const key =
    options.idempotencyKey === 'auto' ? autoKey(inbound, { method, path: at, defaults }) : options.idempotencyKey;
  if (key !== undefined) own[keyHeader] = checkedKey(key);
  const priority = options.priority ?? inbound?.priority ?? 'normal';
  if (priority !== 'normal') own[priorityHeader] ??= priority;
  const ownTrace = own['traceparent'] !== undefined;
  if (inbound !== undefined && !ownTrace) passOn(inbound, own);
  const timeoutMs = options.timeoutMs ?? defaults.timeoutMs;
  const bound = inbound?.boundMs;
  return {
    path: at,
    method,
    body,
    headers: flat(own),
    isRepeatable: repeatableMethods.has(method) || own[keyHeader] !== undefined,
    priority,
    traceparent: ownTrace ? undefined : (inbound?.traceparent ?? beginTrace(rng)),
    dueMs: tighter(clock.mono() + timeoutMs, bound) ?? 0,
    timeoutMs,
    tryTimeoutMs: options.tryTimeoutMs ?? defaults.tryTimeoutMs,
    signal: options.signal,
    inbound,
  };
}

/** The headers of one try: the call's own, and what changes from try to try. */
export function headersOfTry(call: Outbound, now: { readonly leftMs: number; readonly retriesLeft: number }): string[] {
  const headers = call.headers.concat(patienceHeader, formatPatience(now.leftMs));
  headers.push(retriesLeftHeader, String(now.retriesLeft));
  if (call.traceparent !== undefined) headers.push('traceparent', childOf(call.traceparent, rng));
  return headers;
}

function passOn(inbound: InboundCall, own: Record<string, string>): void {
  if (inbound.tracestate !== undefined) own['tracestate'] ??= inbound.tracestate;
  if (inbound.baggage !== undefined) own['baggage'] ??= inbound.baggage;
}

function autoKey(
  inbound: InboundCall | undefined,
  at: { readonly method: string; readonly path: string; readonly defaults: OutboundDefaults },
): string | undefined {
  const { caller, service } = at.defaults;
  return inbound?.childKey(`${caller} ${service} ${at.method} ${at.path}`);
}

function checkedKey(key: string): string {
  const fault = faultOfKey(key);
  if (fault === undefined) return key;
  throw sdkError('HALE_SDK_CLIENT_INVALID', `the idempotencyKey of the call ${fault}`);
}

function flat(fields: Readonly<Record<string, string>>): string[] {
  const out: string[] = [];
  for (const name in fields) out.push(name, fields[name]!);
  return out;
}
