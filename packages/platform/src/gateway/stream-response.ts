// The answer on an HTTP/2 stream: one head, the body as fast as the client's window allows, trailers where the replica sends any.
// What is cut off is reset, so the client cannot take half for the whole; connection words of HTTP/1.1 have no place here.
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { CallerResponse, ClientWatcher, Head } from './caller.ts';
import type { StreamRequest } from './stream-request.ts';

export class StreamResponse implements CallerResponse {
  private readonly stream: ServerHttp2Stream;
  private readonly req: StreamRequest;
  private watcher: ClientWatcher | undefined = undefined;
  private trailers: IncomingHttpHeaders = {};

  constructor(stream: ServerHttp2Stream, req: StreamRequest) {
    this.stream = stream;
    this.req = req;
    stream.on('close', () => this.watcher?.clientGone());
    // A reset by the client is told by 'close' as well.
    stream.on('error', () => undefined);
  }

  get headersSent(): boolean {
    return this.stream.headersSent;
  }

  get isClientGone(): boolean {
    return this.stream.destroyed || this.stream.closed;
  }

  attach(watcher: ClientWatcher): void {
    this.watcher = watcher;
  }

  detach(): void {
    this.watcher = undefined;
  }

  mayTrail(status: number): boolean {
    return this.req.method !== 'HEAD' && status !== 204 && status !== 304;
  }

  inform(status: number, headers: IncomingHttpHeaders): void {
    if (this.isClientGone || this.headersSent || status === 101) return;
    const { link } = headers;
    if (status === 102) this.stream.additionalHeaders({ ':status': 102 });
    else if (status === 103 && link !== undefined) this.stream.additionalHeaders({ ':status': 103, link });
  }

  begin(head: Head): void {
    if (this.isClientGone) return;
    const { stream } = this;
    const waitForTrailers = head.length === undefined && this.mayTrail(head.status);
    if (waitForTrailers) {
      stream.once('wantTrailers', () => this.orReset(() => stream.sendTrailers(this.trailers as OutgoingHttpHeaders)));
    }
    this.orReset(() => stream.respond(headersOf(head), { endStream: head.length === '0', waitForTrailers }));
  }

  /** A replica may say what HTTP/2 has no words for (a status of 799, a field of connections among the trailers): Node throws then. */
  private orReset(send: () => void): void {
    if (this.isClientGone) return;
    try {
      send();
    } catch {
      this.sever();
    }
  }

  take(chunk: Buffer): boolean {
    return this.stream.writableEnded || this.stream.destroyed || this.stream.write(chunk);
  }

  onceDrained(go: () => void): void {
    this.stream.once('drain', go);
  }

  finish(trailers: IncomingHttpHeaders): void {
    const { stream } = this;
    this.trailers = trailers;
    // RFC 9113 section 8.1: who has answered before the end of the request asks for the rest not to be sent.
    if (!this.req.complete) stream.once('finish', () => stream.close(constants.NGHTTP2_NO_ERROR));
    if (!stream.writableEnded) stream.end();
  }

  /** Node ends the stream before it resets it, which tells nothing wrong: a length is not met then, and without one the end waits for trailers. */
  sever(): void {
    this.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

/** As Node wants them for a stream. A field that came twice is one list, but for cookies: Node refuses two of what may only be one. */
function headersOf(head: Head): OutgoingHttpHeaders {
  const headers: Record<string, string | string[] | number> = { ':status': head.status };
  const { fields } = head;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    const known = headers[name];
    if (known === undefined) headers[name] = name === 'set-cookie' ? [value] : value;
    else if (Array.isArray(known)) known.push(value);
    else headers[name] = `${known}, ${value}`;
  }
  return headers;
}
