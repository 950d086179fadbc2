// A small request body, read whole before anybody is asked, so that it can be sent a second time. How small is the worker's decision.
import type { Readable } from 'node:stream';

/** Calls `done` with everything once the body has ended; never when the client leaves before. */
export function readWhole(req: Readable, done: (body: Buffer) => void): void {
  const pieces: Buffer[] = [];
  req.on('data', (piece: Buffer) => pieces.push(piece));
  req.on('end', () => done(pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)));
}
