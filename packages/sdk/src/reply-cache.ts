// The pinboard of a client: what a GET was answered lately is read from there, and ten who ask the same at once send one. Pinned are
// only answers with 200, whole (not degraded), of at most 256 KiB, that do not forbid it (Cache-Control: no-store, private). Two questions are the
// same when method, path and the headers that the user gave are. The errand is nobody's own: whoever leaves does not take it
// from the others.
import { type Clock, createRng, randomSeed } from '@hale/base';
import { type Cache, type CacheSettings, createCache, priorityHeader } from '@hale/resilience';
import { sdkError } from './errors.ts';
import type { Outbound } from './outbound.ts';
import type { PatienceList, Patient } from './patience-list.ts';
import { makeReply, type Reply, type ReplyHead } from './reply.ts';
import { Ride } from './ride.ts';

export interface ReplyCache {
  /** The reply to `call`: pinned, on its way already, or from `play`. */
  fetch(call: Outbound, play: (call: Outbound) => Promise<Reply>): Promise<Reply>;
  update(settings: CacheSettings): void;
}

interface Kept {
  readonly head: Pick<ReplyHead, 'status' | 'headers' | 'from' | 'degraded'>;
  readonly body: Uint8Array;
}

const keptBytesMax = 262_144;
const rng = createRng(randomSeed());
/** Said of the way, not of the question. */
const ofTheWay = new Set(['tracestate', 'baggage', priorityHeader]);

/** Throws HALE_RESILIENCE_SETTINGS. */
export function createReplyCache(
  settings: CacheSettings,
  parts: { readonly clock: Clock; readonly patience: PatienceList },
): ReplyCache {
  const { clock, patience } = parts;
  const events = { heard: false, tell: () => {} };
  const cache = createCache(settings, { clock, unit: () => rng.unit(), events });
  return {
    fetch: (call, play) =>
      call.method === 'GET' && call.body === null ? ask(call, { cache, clock, patience, play }) : play(call),
    update: (next) => cache.update(next),
  };
}

interface Asking {
  readonly cache: Cache;
  readonly clock: Clock;
  readonly patience: PatienceList;
  readonly play: (call: Outbound) => Promise<Reply>;
}

async function ask(call: Outbound, { cache, clock, patience, play }: Asking): Promise<Reply> {
  let fresh: Kept | undefined;
  const errand = async (context: { readonly signal: AbortSignal }) => {
    const dueMs = clock.mono() + call.timeoutMs;
    fresh = await keep(await play({ ...call, inbound: undefined, signal: context.signal, dueMs }));
    if (!isPinnable(fresh)) throw new Unpinned(fresh);
    return fresh;
  };
  const ride = new Ride(call);
  const late: Patient = {
    dueMs: call.dueMs,
    slot: -1,
    onDue: () => ride.giveUp(tooLate(call)),
  };
  patience.add(late);
  try {
    const kept = await cache.fetch(keyOf(call), errand, {
      attempt: 0,
      key: undefined,
      priority: call.priority,
      remainingMs: () => Math.max(0, call.dueMs - clock.mono()),
      signal: ride.signal,
    });
    return show(kept, kept === fresh, call);
  } catch (error) {
    if (error instanceof Unpinned) return show(error.kept, true, call);
    throw error;
  } finally {
    patience.remove(late);
    ride.end();
  }
}

function tooLate(call: Outbound): Error {
  return sdkError('HALE_SDK_CALL_TIMEOUT', `GET ${call.path} was not answered in time`, { retriable: true });
}

/** An answer for those who asked for it, and for nobody else. */
class Unpinned {
  readonly kept: Kept;
  constructor(kept: Kept) {
    this.kept = kept;
  }
}

async function keep(reply: Reply): Promise<Kept> {
  const { status, headers, from, degraded } = reply;
  return { head: { status, headers, from, degraded }, body: await reply.bytes() };
}

function isPinnable({ head, body }: Kept): boolean {
  if (head.status !== 200 || head.degraded !== undefined || body.length > keptBytesMax) return false;
  const control = String(head.headers['cache-control'] ?? '');
  return !/\b(no-store|private)\b/i.test(control);
}

function show({ head, body }: Kept, isFresh: boolean, call: Outbound): Reply {
  if (head.degraded !== undefined) call.inbound?.degraded(head.degraded);
  const { status, headers, degraded } = head;
  return makeReply({ status, headers, body }, isFresh ? head.from : 'cache', degraded);
}

function keyOf(call: Outbound): string {
  const said: string[] = [];
  for (let i = 0; i < call.headers.length; i += 2)
    if (!ofTheWay.has(call.headers[i]!)) said.push(`${call.headers[i]}: ${call.headers[i + 1]}`);
  return `${call.path}\n${said.sort().join('\n')}`;
}
