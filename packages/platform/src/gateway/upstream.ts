// The door to one life of a replica: its open connections, lent to one request at a time and stacked so that the warmest is lent
// first, and what was counted at this door. Connections are undici Clients (no parser of our own); retired, it lends none and closes idle ones.
import { type BoundedQueue, createBoundedQueue } from '@hale/base';
import type { Endpoint } from '@hale/model';
import { Client } from 'undici';

/** Somebody who waits for a connection; `client` is lent to it. */
export interface Waiter {
  lend(client: Client, upstream: Upstream): boolean;
}

export interface UpstreamLimits {
  readonly connectionsMax: number;
  readonly waitingMax: number;
  readonly connectTimeoutMs: number;
}

export const defaultUpstreamLimits: UpstreamLimits = { connectionsMax: 256, waitingMax: 1024, connectTimeoutMs: 2000 };

export class Upstream {
  readonly endpoint: Endpoint;
  requests = 0;
  errors = 0;
  inFlight = 0;
  /** It has asked to be left alone until then (mono ms): others are asked first. */
  restUntilMs = 0;
  private readonly limits: UpstreamLimits;
  private readonly idle: Client[] = [];
  private readonly waiting: BoundedQueue<Waiter>;
  private lent = 0;
  private retired = false;

  constructor(endpoint: Endpoint, limits: UpstreamLimits = defaultUpstreamLimits) {
    this.endpoint = endpoint;
    this.limits = limits;
    this.waiting = createBoundedQueue(limits.waitingMax);
  }

  /** A connection for one request; undefined when all are lent. */
  borrow(): Client | undefined {
    const client = this.idle.pop();
    if (client !== undefined) {
      this.lent++;
      return client;
    }
    if (this.lent >= this.limits.connectionsMax) return undefined;
    this.lent++;
    return this.connect();
  }

  /** Stands in line for a connection; false when the line is full. */
  wait(waiter: Waiter): boolean {
    return this.waiting.push(waiter);
  }

  /** Gives a connection back; a broken one heals itself by connecting anew when it is next lent. */
  giveBack(client: Client): void {
    if (this.waiting.size > 0) queueMicrotask(() => this.passOn(client));
    else this.shelve(client);
  }

  /** Closes a connection that must not be used again (its request never got an end). */
  discard(client: Client): void {
    closeQuietly(client);
    this.giveBack(this.connect());
  }

  /** Lends nothing new from idle sockets; what is under way finishes. */
  retire(): void {
    this.retired = true;
    for (const client of this.idle.splice(0)) closeQuietly(client);
  }

  /** Back in rotation. */
  reopen(): void {
    this.retired = false;
  }

  /** Not within giveBack: undici may be in the middle of that client's queue. */
  private passOn(client: Client): void {
    for (let next = this.waiting.shift(); next !== undefined; next = this.waiting.shift()) {
      if (next.lend(client, this)) return;
    }
    this.shelve(client);
  }

  private shelve(client: Client): void {
    this.lent--;
    if (this.retired) closeQuietly(client);
    else this.idle.push(client);
  }

  private connect(): Client {
    const { address, port } = this.endpoint;
    const host = address.includes(':') ? `[${address}]` : address;
    return new Client(`http://${host}:${port}`, {
      // Only one request is ever given to a Client at a time; 2 merely spares undici a trip through setImmediate after each response.
      pipelining: 2,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 64 * 1024,
      allowH2: false,
      connect: { timeout: this.limits.connectTimeoutMs },
    });
  }
}

function closeQuietly(client: Client): void {
  client.destroy(null, () => {});
}
