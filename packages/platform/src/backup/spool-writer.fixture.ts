// Somebody who writes into a spool as fast as he can and says after each flush how far he is, until he is killed: `FOLDER FROM`. For a test only.
import { writeSync } from 'node:fs';
import { openSpool } from './spool.ts';

const [folder = '', from = '0'] = process.argv.slice(2);
const spool = openSpool(folder, { systemIdentifier: '7', segmentBytes: 1 << 16 });
await spool.prepare();
for (let at = spool.newest()?.at ?? BigInt(from); ; ) {
  // Long and short ones, none like its neighbour: byte n of the log is n by a prime.
  const length = 1 + Number((at * 7919n) % 3_000n);
  spool.write(1, at, Buffer.from(Array.from({ length }, (_, i) => Number((at + BigInt(i)) % 251n))));
  spool.flush();
  at += BigInt(length);
  writeSync(1, `${at}\n`);
  for (const spooled of spool.segments().slice(0, -3)) if (spooled.whole) spool.forget(spooled);
  if (at % 13n === 0n) await spool.prepare();
}
