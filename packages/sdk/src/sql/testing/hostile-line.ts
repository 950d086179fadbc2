// A line between a client and PostgreSQL that is at its worst when it matters: it knows a commit when it sees one, and then does with it what
// networks do. It parses no more than the frames of the protocol (docs: "Message Formats"); everything else passes as it is.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Rng } from '@hale/base';

/**
 * 'pass': nothing. 'swallow': the commit never arrives. 'deaf': it arrives, its answer does not. 'blind': it is sent on and both ends are cut at once.
 * 'late': the client's end is cut now, the commit arrives later out of some buffer.
 */
export type Trick = 'pass' | 'swallow' | 'deaf' | 'blind' | 'late';

export interface HostileLine {
  readonly port: number;
  readonly played: Readonly<Record<Trick, number>>;
  close(): Promise<void>;
}

const tricks: readonly Trick[] = ['swallow', 'deaf', 'blind', 'late'];

/** In front of 127.0.0.1:`toPort`. Each commit meets a trick with the chance `rate` (0 to 1). */
export async function openHostileLine(
  toPort: number,
  { rng, rate }: { readonly rng: Rng; readonly rate: number },
): Promise<HostileLine> {
  const played = { pass: 0, swallow: 0, deaf: 0, blind: 0, late: 0 };
  const sockets = new Set<Socket>();
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, fn: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      fn();
    }, ms);
    timers.add(timer);
  };
  const server = createServer((client) => {
    const up = connect(toPort, '127.0.0.1');
    for (const socket of [client, up]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    let isDeaf = false;
    let isLeft = false;
    up.on('data', (chunk) => {
      if (isDeaf) client.destroy();
      else if (!client.destroyed) client.write(chunk);
    });
    up.on('close', () => client.destroy());
    client.on('close', () => {
      if (!isLeft) up.destroy();
    });
    client.on('data', (chunk) => {
      if (!isCommit(chunk)) return void up.write(chunk);
      const trick = rng.unit() < rate ? tricks[rng.below(tricks.length)]! : 'pass';
      played[trick]++;
      if (trick !== 'swallow' && trick !== 'late') up.write(chunk);
      if (trick === 'deaf') isDeaf = true;
      if (trick === 'swallow') client.destroy();
      if (trick === 'blind') up.end(() => client.destroy());
      if (trick !== 'late') return;
      isLeft = true;
      client.destroy();
      // Sometimes before the question about it is asked, sometimes after.
      later(rng.below(40), () => {
        up.write(chunk);
        later(100, () => up.destroy());
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    played,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A Query message that ends in a commit: small, so it comes in one piece. */
function isCommit(chunk: Buffer): boolean {
  return chunk[0] === 0x51 && /commit\0$/.test(chunk.toString('latin1'));
}
