// What comes back from a call: the face of fetch's Response that people use, without its cost. The body is kept as it comes, so
// a small answer frees its connection whether it is read or not; a large one waits (the connection is paused) until it is read.
// A stream is made only for whoever asks for one.
import { Readable } from 'node:stream';
import { sdkError } from './errors.ts';

export interface Reply {
  readonly status: number;
  /** 200 to 299. */
  readonly ok: boolean;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Which replica answered (its incarnation or address), 'front' for the gateway, 'fallback' or 'cache' where nobody was asked. */
  readonly from: string;
  /** What is missing from it (`x-hale-degraded`); undefined when nothing is. */
  readonly degraded: string | undefined;
  /** The body in pieces, once. */
  readonly body: Readable;
  json<T = unknown>(): Promise<T>;
  text(): Promise<string>;
  bytes(): Promise<Uint8Array>;
  /** Throws the body away. Good manners when a large answer is not read: its connection can be used again. */
  discard(): Promise<void>;
}

/** What a reply asks of the connection that feeds it. */
export interface ReplySource {
  /** Stop and go on. */
  flow(on: boolean): void;
  abort(reason: Error): void;
}

/** More than this is not taken from the connection until somebody reads. */
const unreadBytesMax = 65_536;
/** A thrown-away body of up to this size is read to its end; a longer one costs less as a new connection. */
const discardBytesMax = 131_072;

export interface ReplyHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly from: string;
  readonly degraded: string | undefined;
  /** Longest body that json(), text() and bytes() take. */
  readonly bytesMax: number;
}

type Mode = 'kept' | 'whole' | 'stream' | 'discarded';

/** The reply as its connection fills it: `push`, then once `end` or `fail`. */
export class FedReply implements Reply {
  readonly status: number;
  readonly headers: ReplyHead['headers'];
  readonly from: string;
  readonly degraded: string | undefined;
  private readonly bytesMax: number;
  private readonly source: ReplySource | undefined;
  private chunks: Buffer[] = [];
  private size = 0;
  private mode: Mode = 'kept';
  private isPaused = false;
  private isEnded = false;
  private error: Error | undefined = undefined;
  private settle: (() => void) | undefined = undefined;
  private stream: Readable | undefined = undefined;

  constructor(head: ReplyHead, source: ReplySource | undefined) {
    this.status = head.status;
    this.headers = head.headers;
    this.from = head.from;
    this.degraded = head.degraded;
    this.bytesMax = head.bytesMax;
    this.source = source;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get body(): Readable {
    if (this.stream !== undefined) return this.stream;
    if (this.mode !== 'kept') throw new TypeError('the body was read already');
    this.mode = 'stream';
    const stream = new Readable({
      read: () => this.flow(true),
      destroy: (error, done) => {
        if (!this.isEnded && this.error === undefined) this.source?.abort(error ?? abandoned);
        done(error);
      },
    });
    this.stream = stream;
    for (const chunk of this.chunks) stream.push(chunk);
    this.chunks = [];
    if (this.error !== undefined) stream.destroy(this.error);
    else if (this.isEnded) stream.push(null);
    return stream;
  }

  async json<T = unknown>(): Promise<T> {
    return JSON.parse((await this.whole()).toString('utf8')) as T;
  }

  async text(): Promise<string> {
    return (await this.whole()).toString('utf8');
  }

  async bytes(): Promise<Uint8Array> {
    return new Uint8Array(await this.whole());
  }

  async discard(): Promise<void> {
    if (this.mode !== 'kept') return;
    this.mode = 'discarded';
    this.chunks = [];
    if (this.isEnded || this.error !== undefined) return;
    if (this.size > discardBytesMax) return this.source?.abort(abandoned);
    this.flow(true);
    await this.settled();
  }

  push(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.mode === 'stream') {
      if (!this.stream!.push(chunk)) this.flow(false);
      return;
    }
    if (this.mode === 'discarded') {
      if (this.size > discardBytesMax) this.source?.abort(abandoned);
      return;
    }
    this.chunks.push(chunk);
    if (this.mode === 'kept' && this.size > unreadBytesMax) this.flow(false);
    if (this.mode === 'whole' && this.size > this.bytesMax) this.source?.abort(tooLarge(this.bytesMax));
  }

  end(): void {
    this.isEnded = true;
    this.stream?.push(null);
    this.settle?.();
  }

  fail(error: Error): void {
    if (this.isEnded || this.error !== undefined) return;
    this.error = error;
    if (this.stream !== undefined) this.stream.destroy(error);
    this.settle?.();
  }

  private flow(on: boolean): void {
    if (this.isPaused !== on || this.isEnded) return;
    this.isPaused = !on;
    this.source?.flow(on);
  }

  private async whole(): Promise<Buffer> {
    if (this.mode !== 'kept') throw new TypeError('the body was read already');
    this.mode = 'whole';
    if (this.size > this.bytesMax) {
      this.source?.abort(abandoned);
      throw tooLarge(this.bytesMax);
    }
    if (!this.isEnded && this.error === undefined) {
      this.flow(true);
      await this.settled();
    }
    if (this.error !== undefined) throw this.error;
    const { chunks } = this;
    this.chunks = [];
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  private settled(): Promise<void> {
    return new Promise((resolve) => {
      this.settle = resolve;
    });
  }
}

/** What a fallback gives: a body as text, bytes or JSON. */
export interface ReplyLike {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: string | Uint8Array;
  /** Sent back as JSON, in place of `body`. */
  readonly json?: unknown;
}

/** A reply that nobody sent. */
export function makeReply(like: ReplyLike, from: string, degraded: string | undefined): FedReply {
  const body = like.json === undefined ? (like.body ?? '') : JSON.stringify(like.json);
  const type = like.json === undefined ? {} : { 'content-type': 'application/json' };
  const headers = { ...type, ...like.headers };
  const reply = new FedReply(
    { status: like.status ?? 200, headers, from, degraded, bytesMax: Number.MAX_SAFE_INTEGER },
    undefined,
  );
  reply.push(Buffer.from(body));
  reply.end();
  return reply;
}

/** One for all: making an Error with its stack for each would cost more than the call. */
const abandoned = new Error('the answer was not wanted any more');

function tooLarge(bytesMax: number): Error {
  return sdkError('HALE_SDK_ANSWER_TOO_LARGE', `the answer is longer than ${bytesMax} bytes`);
}
