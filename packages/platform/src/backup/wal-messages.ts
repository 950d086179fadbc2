// The three sentences that a server and whoever copies its log say to each other: "here are bytes", "I am still here", "so far I have
// it". Layout: the protocol chapter "Streaming Replication Protocol" of PostgreSQL's manual; times are microseconds since 2000.
import type { Lsn } from './wal-name.ts';

const year2000Ms = 946_684_800_000;

export type ServerMessage =
  | { readonly kind: 'data'; readonly start: Lsn; readonly bytes: Buffer }
  | { readonly kind: 'alive'; readonly replyWanted: boolean };

/** Undefined for a sentence that a later version may add. */
export function readMessage(message: Buffer): ServerMessage | undefined {
  const kind = String.fromCharCode(message[0] ?? 0);
  if (kind === 'w') return { kind: 'data', start: message.readBigUInt64BE(1), bytes: message.subarray(25) };
  if (kind === 'k') return { kind: 'alive', replyWanted: message[17] === 1 };
  return undefined;
}

/** "Until here it is written, flushed and (for a receiver that applies nothing) as good as applied", ready for the line (in a CopyData); `asks`: "and are you there?" */
export function statusMessage(flushed: Lsn, wall: number, asks = false): Buffer {
  const message = Buffer.alloc(39);
  message.write('d', 0, 'latin1');
  message.writeUInt32BE(38, 1);
  message.write('r', 5, 'latin1');
  for (const at of [6, 14, 22]) message.writeBigUInt64BE(flushed, at);
  message.writeBigInt64BE(BigInt(Math.round(wall - year2000Ms)) * 1000n, 30);
  if (asks) message.writeUInt8(1, 38);
  return message;
}
