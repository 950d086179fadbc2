// The note on the closed door: a FATAL ErrorResponse of PostgreSQL's protocol, so that every client library shows a sentence and not a broken
// pipe. A client that first asks for encryption is told "not here" (N), as PostgreSQL itself would, and gets the note after that; one that
// insists on TLS leaves by itself. This is the only place of the relay that reads a byte, and only of connections that are sent away.
import type { Socket } from 'node:net';

export interface Refusal {
  /** SQLSTATE. */
  readonly code: '57P03' | '53300';
  readonly message: string;
  /** What to type. */
  readonly hint?: string;
}

/** PostgreSQL's protocol, message ErrorResponse: severity, its untranslated twin, SQLSTATE, message and hint, each ended by a zero. */
export function errorResponse({ code, message, hint }: Refusal): Buffer {
  const clean = (text: string) => text.replaceAll('\0', ' ');
  const advice = hint === undefined ? '' : `H${clean(hint)}\0`;
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${clean(message)}\0${advice}\0`, 'utf8');
  const head = Buffer.alloc(5);
  head.write('E', 0, 'latin1');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

/** 'ask': it wants to know whether there is encryption; 'none': a cancel request, which is never answered. */
export type FirstWords = 'incomplete' | 'ask' | 'none' | 'startup';

const cancelRequest = 80877102;
const sslRequest = 80877103;
const gssRequest = 80877104;

/** What a client's first bytes are. TLS without asking (libpq's sslnegotiation=direct) counts as a startup: it can be told nothing. */
export function readFirstWords(bytes: Buffer): FirstWords {
  if (bytes.length < 8) return 'incomplete';
  const what = bytes.readInt32BE(4);
  if (what === sslRequest || what === gssRequest) return 'ask';
  return what === cancelRequest ? 'none' : 'startup';
}

/**
 * Tells `socket` why it is sent away, once it has spoken, and ends it. What it sent must be read first: a socket closed over unread bytes is
 * reset, and the note is lost with it. Whoever says nothing is left to the caller's bound.
 */
export function sendAway(socket: Socket, refusal: Refusal): void {
  let bytes: Buffer = Buffer.alloc(0);
  let asksMax = 2;
  const hear = (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    for (let words = readFirstWords(bytes); words !== 'incomplete'; words = readFirstWords(bytes)) {
      if (words === 'ask' && asksMax-- > 0) {
        bytes = bytes.subarray(8);
        socket.write('N');
        continue;
      }
      socket.off('data', hear);
      if (words === 'startup') socket.end(errorResponse(refusal));
      else socket.destroy();
      return void socket.resume();
    }
  };
  socket.on('data', hear);
  socket.on('end', () => socket.destroy());
  socket.resume();
}
