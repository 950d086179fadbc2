// The pinboard beside the counter: an answer just given is read from there instead of asking again, and ten who ask the same at once send one
// (coalescing). A stale answer may be given while a new one is fetched, or when fetching fails (RFC 5861). Errors are never pinned. Who leaves
// does not take the errand away from the others: the errand is called off when the last one has left. Bounded: least recently used goes first.
import { withSignal } from './layer.ts';
import type { Call, CallContext, Layer, Surroundings } from './policy/types.ts';
import { checkNumbers } from './rule-settings.ts';

export interface CacheSettings {
  /** How long an answer is fresh; 0 keeps none and only coalesces. */
  readonly ttlMs: number;
  /** After that, how long it is still given while one call fetches a new one; default 0. */
  readonly staleWhileRevalidateMs?: number;
  /** After that, how long it is given when fetching fails; default 0. */
  readonly staleIfErrorMs?: number;
  /** Answers kept, and errands under way, at most; default 1000. Beyond that many errands, calls go uncoalesced. */
  readonly entriesMax?: number;
}

export interface Cache {
  /** The answer for `key`: fresh from the board, from an errand under way, or by calling. */
  fetch<T>(key: string, call: Call<T>, context: CallContext): Promise<T>;
  /** Takes an answer off the board. */
  forget(key: string): boolean;
  readonly size: number;
  readonly counts: {
    readonly hits: number;
    readonly misses: number;
    readonly coalesced: number;
    readonly stale: number;
  };
  update(settings: CacheSettings): void;
}

interface Entry {
  readonly answer: unknown;
  readonly storedMs: number;
}

/** One call that several wait for. */
interface Errand {
  readonly controller: AbortController;
  readonly answer: Promise<unknown>;
  waiting: number;
}

const defaults = { staleWhileRevalidateMs: 0, staleIfErrorMs: 0, entriesMax: 1000 };

/** A cache of answers by key. Throws HALE_RESILIENCE_SETTINGS at impossible numbers. */
export function createCache(settings: CacheSettings, surroundings: Surroundings): Cache {
  return new Board(settings, surroundings);
}

/** Calls with a key go through the cache; those without are let by. */
export function cacheLayer(cache: Cache): Layer {
  return <T>(call: Call<T>): Call<T> =>
    (context) =>
      context.key === undefined ? call(context) : cache.fetch(context.key, call, context);
}

class Board implements Cache {
  readonly counts = { hits: 0, misses: 0, coalesced: 0, stale: 0 };
  #settings: Required<CacheSettings>;
  readonly #surroundings: Surroundings;
  readonly #entries = new Map<string, Entry>();
  readonly #errands = new Map<string, Errand>();

  constructor(settings: CacheSettings, surroundings: Surroundings) {
    this.#settings = checked(settings);
    this.#surroundings = surroundings;
  }

  get size(): number {
    return this.#entries.size;
  }

  async fetch<T>(key: string, call: Call<T>, context: CallContext): Promise<T> {
    const entry = this.#read(key);
    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : this.#nowMs() - entry.storedMs;
    const { ttlMs, staleWhileRevalidateMs, staleIfErrorMs } = this.#settings;
    if (entry !== undefined && ageMs < ttlMs) {
      this.#tellHit(key, false);
      return entry.answer as T;
    }
    if (entry !== undefined && ageMs < ttlMs + staleWhileRevalidateMs) {
      this.#tellHit(key, true);
      this.#revalidate(key, call, context);
      return entry.answer as T;
    }
    try {
      return await this.#await<T>(key, call, context);
    } catch (error) {
      const usable = entry !== undefined && ageMs < ttlMs + staleWhileRevalidateMs + staleIfErrorMs;
      if (!usable || context.signal.aborted) throw error;
      this.#tellHit(key, true);
      return entry.answer as T;
    }
  }

  forget(key: string): boolean {
    return this.#entries.delete(key);
  }

  update(settings: CacheSettings): void {
    this.#settings = checked(settings);
    this.#trim();
  }

  #nowMs(): number {
    return this.#surroundings.clock.mono();
  }

  #tellHit(key: string, stale: boolean): void {
    if (stale) this.counts.stale++;
    else this.counts.hits++;
    const { events } = this.#surroundings;
    if (events.heard) events.tell({ kind: 'cacheHit', atMs: this.#nowMs(), key, stale });
  }

  #read(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const { ttlMs, staleWhileRevalidateMs, staleIfErrorMs } = this.#settings;
    this.#entries.delete(key);
    if (this.#nowMs() - entry.storedMs >= ttlMs + staleWhileRevalidateMs + staleIfErrorMs) return undefined;
    // Set anew: the map's order is that of use.
    this.#entries.set(key, entry);
    return entry;
  }

  /** Nobody waits for this errand: it ends by itself, and its failure is answered by the stale entry as long as that lasts. */
  #revalidate<T>(key: string, call: Call<T>, context: CallContext): void {
    if (this.#errands.has(key) || this.#errands.size >= this.#settings.entriesMax) return;
    const errand = this.#send(key, call, context);
    errand.waiting++;
    errand.answer.catch(() => {});
  }

  async #await<T>(key: string, call: Call<T>, context: CallContext): Promise<T> {
    const underWay = this.#errands.get(key);
    if (underWay === undefined && this.#errands.size >= this.#settings.entriesMax) {
      this.counts.misses++;
      return await call(context);
    }
    if (underWay === undefined) this.counts.misses++;
    else this.#tellCoalesced(key);
    const errand = underWay ?? this.#send(key, call, context);
    errand.waiting++;
    return (await this.#untilAbort(key, errand, context.signal)) as T;
  }

  #tellCoalesced(key: string): void {
    this.counts.coalesced++;
    const { events } = this.#surroundings;
    if (events.heard) events.tell({ kind: 'coalesced', atMs: this.#nowMs(), key });
  }

  #send<T>(key: string, call: Call<T>, context: CallContext): Errand {
    const controller = new AbortController();
    const run = async () => {
      try {
        const answer = await call(withSignal(context, controller.signal));
        if (this.#errands.get(key) === errand) this.#store(key, answer);
        return answer;
      } finally {
        if (this.#errands.get(key) === errand) this.#errands.delete(key);
      }
    };
    // A turn later, so that the errand is on the board before the call can end.
    const errand: Errand = { controller, answer: Promise.resolve().then(run), waiting: 0 };
    this.#errands.set(key, errand);
    return errand;
  }

  /** The errand's answer, or the caller's abort, which calls the errand off only if nobody else waits. */
  #untilAbort(key: string, errand: Errand, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        reject(signal.reason);
        if (--errand.waiting > 0) return;
        if (this.#errands.get(key) === errand) this.#errands.delete(key);
        errand.controller.abort(signal.reason);
      };
      const settled = () => signal.removeEventListener('abort', leave);
      errand.answer.then(resolve, reject).finally(settled);
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
  }

  #store(key: string, answer: unknown): void {
    if (this.#settings.ttlMs === 0) return;
    this.#entries.delete(key);
    this.#entries.set(key, { answer, storedMs: this.#nowMs() });
    this.#trim();
  }

  #trim(): void {
    while (this.#entries.size > this.#settings.entriesMax) this.#entries.delete(this.#entries.keys().next().value!);
  }
}

function checked(settings: CacheSettings): Required<CacheSettings> {
  const all = { ...defaults, ...settings };
  checkNumbers('cache', [
    { name: 'ttlMs', value: all.ttlMs, min: 0, max: 86_400_000 },
    { name: 'staleWhileRevalidateMs', value: all.staleWhileRevalidateMs, min: 0, max: 86_400_000 },
    { name: 'staleIfErrorMs', value: all.staleIfErrorMs, min: 0, max: 86_400_000 },
    { name: 'entriesMax', value: all.entriesMax, min: 1, max: 1_000_000 },
  ]);
  return all;
}
