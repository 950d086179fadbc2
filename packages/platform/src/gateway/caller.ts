// Whoever is at the door, whatever they speak: what an exchange asks of a request and of its answer. HTTP/1.1 comes as Node's own
// IncomingMessage and response.ts, HTTP/2 as stream-request.ts and stream-response.ts, written as HTTP/1.1 would have it.
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';

export interface CallerSocket {
  readonly remoteAddress?: string | undefined;
  /** It came over TLS. */
  readonly encrypted?: boolean | undefined;
}

/** A request; it is the stream of its own body. */
export interface CallerRequest extends Readable {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Flat: name, value, name, value, ... as they came. */
  readonly rawHeaders: string[];
  /** Whether all of the body has arrived. */
  readonly complete: boolean;
  readonly socket: CallerSocket;
}

/** Whoever must hear that the client is gone. */
export interface ClientWatcher {
  clientGone(): void;
}

export interface Head {
  readonly status: number;
  readonly text: string | undefined;
  /** Flat: name, value, name, value, ... */
  readonly fields: string[];
  /** Content-Length, where there is one. */
  readonly length: string | undefined;
  /** The connection is not to be used again (HTTP/1.1 only). */
  readonly isLast: boolean;
}

export interface CallerResponse {
  readonly headersSent: boolean;
  readonly isClientGone: boolean;
  attach(watcher: ClientWatcher): void;
  detach(): void;
  /** Whether an answer without a length could carry trailers. */
  mayTrail(status: number): boolean;
  /** Passes on what the replica says before its answer; what cannot be expressed is left out. */
  inform(status: number, headers: IncomingHttpHeaders): void;
  begin(head: Head): void;
  /** Takes a piece of the body; false asks for a pause until `onceDrained`. */
  take(chunk: Buffer): boolean;
  onceDrained(go: () => void): void;
  /** Ends the answer, with trailers where the replica sent some. */
  finish(trailers: IncomingHttpHeaders): void;
  /** The answer has begun and cannot be finished: the client must see that it is cut off. */
  sever(): void;
}
