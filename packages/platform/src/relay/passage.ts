// One guest: the client's socket, and the node's once it was led there. Bytes go through untouched both ways, at the pace of the slower
// side, so TLS, cancel requests and whatever PostgreSQL invents next pass as well. Before there is a node nothing is read: the guest's first
// bytes wait in its own kernel.
import { connect, type Socket } from 'node:net';
import type { Guide } from '@hale/model/relay';

const keepAliveMs = 5_000;

export interface TryHearer {
  onReached(): void;
  onFailed(): void;
  /** The client, or the node it was led to, has gone: nothing of it is left. */
  onGone(): void;
}

/** A class: it has a life. */
export class Passage {
  readonly client: Socket;
  readonly sinceMs: number;
  guide: Guide | undefined = undefined;
  /** When the try under way began. */
  triedMs = 0;
  wasHeld = false;
  private node: Socket | undefined = undefined;
  private isGone = false;
  private bytesHeard = 0;

  constructor(client: Socket, sinceMs: number) {
    this.client = client;
    this.sinceMs = sinceMs;
    smooth(client);
    client.on('error', ignore);
  }

  /** Tries to reach the guide's node. One of `hearer`'s first two is told, unless the passage is ended or `giveUp` comes first. */
  try(guide: Guide, nowMs: number, hearer: TryHearer): void {
    this.guide = guide;
    this.triedMs = nowMs;
    const { address, port } = guide.node;
    const node = connect({ host: address, port, allowHalfOpen: true });
    this.node = node;
    node.once('error', () => {
      node.destroy();
      if (this.node === node) this.fail(hearer);
    });
    node.once('connect', () => {
      if (this.node !== node) return void node.destroy();
      this.join(node, hearer);
      hearer.onReached();
    });
  }

  /** Whether the node has sent anything since the last look. Counted there, not at each piece: most passages are busy, and looked at once a second. */
  hasHeard(): boolean {
    const before = this.bytesHeard;
    this.bytesHeard = this.node?.bytesRead ?? 0;
    return this.bytesHeard !== before;
  }

  /** The try under way is not worth waiting for any longer. */
  giveUp(): void {
    const node = this.node;
    this.node = undefined;
    this.guide = undefined;
    node?.on('error', ignore);
    node?.destroy();
  }

  /** Ends both sides at once. What the client has received already it may still read; the node is told with a reset, also when it wakes up late. */
  cut(): void {
    this.node?.resetAndDestroy();
    this.client.destroy();
  }

  private fail(hearer: TryHearer): void {
    this.node = undefined;
    this.guide = undefined;
    hearer.onFailed();
  }

  private join(node: Socket, hearer: TryHearer): void {
    const { client } = this;
    smooth(node);
    node.on('error', ignore);
    const gone = () => {
      if (this.isGone) return;
      this.isGone = true;
      hearer.onGone();
    };
    client.once('close', () => {
      node.destroySoon();
      gone();
    });
    node.once('close', () => {
      client.destroySoon();
      gone();
    });
    client.pipe(node);
    node.pipe(client);
    if (client.destroyed) node.destroy();
  }
}

/** No waiting for more to send; and a peer that vanished without a word is noticed in the end. */
function smooth(socket: Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
}

function ignore(): void {}
