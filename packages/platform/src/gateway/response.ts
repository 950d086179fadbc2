// The server's response object, which knows the exchange it belongs to: one shared listener serves every request, where a closure
// for each would be made and thrown away ten thousand times a second.
import { type IncomingHttpHeaders, type IncomingMessage, ServerResponse } from 'node:http';
import type { CallerResponse, ClientWatcher, Head } from './caller.ts';

/** A body that is complete in one piece of at most this size leaves in a single write together with its head. */
const onePieceBytesMax = 16 * 1024;

export class GatewayResponse extends ServerResponse<IncomingMessage> implements CallerResponse {
  private watcher: ClientWatcher | undefined = undefined;
  private bodyLength = -1;
  private piece: Buffer | undefined = undefined;

  attach(watcher: ClientWatcher): void {
    this.watcher = watcher;
    this.on('close', onClosed);
  }

  detach(): void {
    this.watcher = undefined;
  }

  get isClientGone(): boolean {
    return this.destroyed || this.socket === null || this.socket.destroyed;
  }

  /** Chunks need HTTP/1.1 and a body. */
  mayTrail(status: number): boolean {
    return this.req.httpVersionMinor > 0 && this.req.method !== 'HEAD' && status !== 204 && status !== 304;
  }

  reportClosed(): void {
    this.watcher?.clientGone();
  }

  inform(status: number, headers: IncomingHttpHeaders): void {
    if (status === 102) this.writeProcessing();
    else if (status === 103 && typeof headers['link'] === 'string') this.writeEarlyHints({ link: headers['link'] });
  }

  begin(head: Head): void {
    const { status, text, fields, length } = head;
    if (head.isLast) fields.push('Connection', 'close');
    if (length !== undefined) this.bodyLength = Number(length);
    if (text === undefined || text === '') this.writeHead(status, fields);
    else this.writeHead(status, text, fields);
  }

  take(chunk: Buffer): boolean {
    if (chunk.length !== this.bodyLength || chunk.length > onePieceBytesMax) return this.write(chunk);
    // All of it: kept for the moment until `finish`.
    this.piece = chunk;
    return true;
  }

  onceDrained(go: () => void): void {
    this.once('drain', go);
  }

  sever(): void {
    this.destroy();
  }

  finish(trailers: IncomingHttpHeaders): void {
    if (this.piece !== undefined) {
      // A latin1 string joins the head in one write; a Buffer would go as a second one.
      this.end(this.piece.toString('latin1'), 'latin1');
      return;
    }
    for (const name in trailers) this.addTrailers([[name, String(trailers[name])]]);
    this.end();
  }
}

function onClosed(this: GatewayResponse): void {
  this.reportClosed();
}
