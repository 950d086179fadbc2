// One ask of a node: does the wire carry? A connection is opened and closed again; nothing is said on it. That a kernel answers is enough, and a
// refusal is an answer too. PostgreSQL takes it for a visitor who changed his mind, and writes no line unless it logs every connection.
import { connect } from 'node:net';
import type { Clock } from '@hale/base';
import type { DatabaseNode } from '@hale/model';

/** What the kernel over there says when nobody listens, or has no room for one more. */
const answers = new Set(['ECONNREFUSED', 'ECONNRESET']);

/** Calls `done` once. */
export function ask(
  { address, port }: DatabaseNode,
  { clock, askMs }: { readonly clock: Clock; readonly askMs: number },
  done: (isAnswered: boolean) => void,
): void {
  const socket = connect({ host: address, port });
  const end = (isAnswered: boolean) => {
    bound.cancel();
    socket.removeAllListeners();
    socket.on('error', () => {});
    socket.destroy();
    done(isAnswered);
  };
  let bound = clock.after(askMs, () => {
    // An answer that has come while we stood still is read before this.
    bound = clock.after(1, () => end(false));
  });
  socket.once('connect', () => end(true));
  socket.once('error', (error: NodeJS.ErrnoException) => end(answers.has(error.code ?? '')));
}
