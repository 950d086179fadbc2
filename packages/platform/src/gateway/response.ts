// The server's response object, which knows the exchange it belongs to: one shared listener serves every request, where a closure
// for each would be made and thrown away ten thousand times a second.
import { type IncomingHttpHeaders, type IncomingMessage, ServerResponse } from 'node:http';

/** Whoever must hear that the client is gone. */
export interface ClientWatcher {
  clientGone(): void;
}

/** A body that is complete in one piece of at most this size leaves in a single write together with its head. */
const onePieceBytesMax = 16 * 1024;

export interface Head {
  readonly status: number;
  readonly text: string | undefined;
  /** Flat: name, value, name, value, ... */
  readonly fields: string[];
  /** Content-Length, where there is one. */
  readonly length: string | undefined;
}

export class GatewayResponse extends ServerResponse<IncomingMessage> {
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

  /** Whether an answer without a length could carry trailers: chunks need HTTP/1.1 and a body. */
  mayTrail(status: number): boolean {
    return this.req.httpVersionMinor > 0 && this.req.method !== 'HEAD' && status !== 204 && status !== 304;
  }

  reportClosed(): void {
    this.watcher?.clientGone();
  }

  /** Passes on what the replica says before its answer; what Node cannot express is left out. */
  inform(status: number, headers: IncomingHttpHeaders): void {
    if (status === 102) this.writeProcessing();
    else if (status === 103 && typeof headers['link'] === 'string') this.writeEarlyHints({ link: headers['link'] });
  }

  /** Writes the head of a replica's answer. */
  begin(head: Head): void {
    const { status, text, fields, length } = head;
    if (length !== undefined) this.bodyLength = Number(length);
    if (text === undefined || text === '') this.writeHead(status, fields);
    else this.writeHead(status, text, fields);
  }

  /** Takes a piece of the body; false asks for a pause until 'drain'. */
  take(chunk: Buffer): boolean {
    if (chunk.length !== this.bodyLength || chunk.length > onePieceBytesMax) return this.write(chunk);
    // All of it: kept for the moment until `finish`.
    this.piece = chunk;
    return true;
  }

  /** Ends the answer, with trailers where the replica sent some. */
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
