// A request that came as an HTTP/2 stream, written down as an HTTP/1.1 client would have written it: pseudo-fields become request line
// and Host, cookie crumbs become one field again (RFC 9113 section 8.2.3), a body of unknown length is marked as chunked. Its body is read
// only as fast as it is wanted, so the stream's flow control reaches back to the client.
import type { IncomingHttpHeaders } from 'node:http';
import type { ServerHttp2Stream, IncomingHttpHeaders as StreamHeaders } from 'node:http2';
import { Readable } from 'node:stream';
import type { CallerRequest, CallerSocket } from './caller.ts';

export class StreamRequest extends Readable implements CallerRequest {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: string[];
  private readonly stream: ServerHttp2Stream;
  private isReading = false;

  constructor(stream: ServerHttp2Stream, headers: StreamHeaders, rawHeaders: readonly string[]) {
    super({ autoDestroy: false });
    this.stream = stream;
    this.method = headers[':method'];
    this.url = headers[':path'];
    this.headers = headers;
    this.rawHeaders = fieldsOf(rawHeaders, headers);
    if (!stream.endAfterHeaders && headers['content-length'] === undefined) headers['transfer-encoding'] = 'chunked';
    // At once: an empty body ends before anybody reads it.
    stream.once('end', () => this.push(null));
  }

  get complete(): boolean {
    return this.stream.endAfterHeaders || this.readableEnded || this.stream.readableEnded;
  }

  get socket(): CallerSocket {
    return (this.stream.session?.socket as CallerSocket | undefined) ?? nowhere;
  }

  override _read(): void {
    if (this.isReading) {
      this.stream.resume();
      return;
    }
    this.isReading = true;
    this.stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) this.stream.pause();
    });
  }
}

const nowhere = {};

/** The fields without the pseudo ones. Where a Host stands beside :authority it is dropped, so that nobody can name two hosts. */
function fieldsOf(raw: readonly string[], headers: StreamHeaders): string[] {
  const authority = headers[':authority'];
  const out: string[] = authority === undefined ? [] : ['Host', authority];
  let cookies = '';
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    if (name.charCodeAt(0) === 0x3a /* : */) continue;
    if (name === 'cookie') cookies = cookies === '' ? value : `${cookies}; ${value}`;
    else if (name !== 'host' || authority === undefined) out.push(name, value);
  }
  if (cookies !== '') out.push('cookie', cookies);
  return out;
}
