// The server's response object, which knows the exchange it belongs to: one shared listener serves every request, where a closure
// for each would be made and thrown away ten thousand times a second.
import { type IncomingHttpHeaders, type IncomingMessage, ServerResponse } from 'node:http';

/** Whoever must hear that the client is gone. */
export interface ClientWatcher {
  clientGone(): void;
}

export class GatewayResponse extends ServerResponse<IncomingMessage> {
  private watcher: ClientWatcher | undefined = undefined;

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

  reportClosed(): void {
    this.watcher?.clientGone();
  }

  /** Passes on what the replica says before its answer; what Node cannot express is left out. */
  inform(status: number, headers: IncomingHttpHeaders): void {
    if (status === 102) this.writeProcessing();
    else if (status === 103 && typeof headers['link'] === 'string') this.writeEarlyHints({ link: headers['link'] });
  }

  /** Ends the answer, with trailers where the replica sent some. */
  finish(trailers: IncomingHttpHeaders): void {
    for (const name in trailers) this.addTrailers([[name, String(trailers[name])]]);
    this.end();
  }
}

function onClosed(this: GatewayResponse): void {
  this.reportClosed();
}
