// The letter box under the hammer: whoever writes is killed at any moment, again and again, and what he had said was flushed is there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRng, randomSeed } from '@hale/base';
import { openSpool } from './spool.ts';
import { segmentStart } from './wal-name.ts';

const owner = { systemIdentifier: '7', segmentBytes: 1 << 16 };
const rounds = 12;

/** Gives the last place that was said before it was killed, after about so many of them. */
async function writeUntilKilled(folder: string, from: bigint, after: number): Promise<bigint> {
  const writer = spawn(process.execPath, [join(import.meta.dirname, 'spool-writer.fixture.ts'), folder, `${from}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(writer, 'exit');
  let said = '';
  writer.stdout.setEncoding('latin1').on('data', (text: string) => {
    said += text;
    if (said.split('\n').length > after) writer.kill('SIGKILL');
  });
  const [, signal] = await exit;
  await new Promise((resolve) => (writer.stdout.readableEnded ? resolve(0) : writer.stdout.once('end', resolve)));
  assert.equal(signal, 'SIGKILL');
  // What he was saying when he was killed, he had not said.
  return BigInt(said.slice(0, said.lastIndexOf('\n')).split('\n').at(-1) ?? from);
}

test('killed at any moment: what was said to be flushed is there, and the next one goes on behind it', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'hale-spool-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const seed = randomSeed();
  t.diagnostic(`seed ${seed}`);
  const rng = createRng(seed);
  let at = segmentStart(5n, owner.segmentBytes);
  for (let round = 0; round < rounds; round++) {
    const said = await writeUntilKilled(folder, at, 1 + rng.below(150));
    const spool = openSpool(folder, owner);
    const newest = spool.newest();
    assert.ok(newest !== undefined && newest.at >= said, `round ${round}: said ${said}, there is ${newest?.at}`);
    let end = 0n;
    for (const spooled of spool.segments()) {
      const start = segmentStart(spooled.segment.number, owner.segmentBytes);
      if (end > 0n) assert.equal(start, end, 'no hole');
      const content = await spool.read(spooled, 0, spooled.bytes);
      const wrong = content.findIndex((byte, i) => byte !== Number((start + BigInt(i)) % 251n));
      assert.equal(wrong, -1, `round ${round}: another byte at ${start} + ${wrong}`);
      end = start + BigInt(spooled.bytes);
    }
    assert.equal(end, newest.at);
    spool.close();
    at = newest.at;
  }
});
