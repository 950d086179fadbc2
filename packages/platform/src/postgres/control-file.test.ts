// Certificates made by hand: right ones of each layout, and every way in which one can be wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hasValidCrc, parseControlFile, readControlFile } from './control-file.ts';
import { crc32c } from './crc32c.ts';

interface Wish {
  readonly version?: number;
  readonly state?: number;
  readonly crcAt?: number;
}

function build({ version = 1800, state = 6, crcAt = 292 }: Wish = {}): Buffer {
  const bytes = Buffer.alloc(8192);
  bytes.writeBigUInt64LE(17_446_744_073_709_551_000n, 0);
  bytes.writeUInt32LE(version, 8);
  bytes.writeInt32LE(state, 16);
  bytes.writeBigUInt64LE(0x1_ab000028n, 40);
  bytes.writeUInt32LE(12, 48);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, crcAt)), crcAt);
  return bytes;
}

test('the same four answers from the layouts of 13 to 16, of 17 and of 18', () => {
  for (const wish of [
    { version: 1300, crcAt: 288 },
    { version: 1700, crcAt: 288 },
    { version: 1800, crcAt: 292 },
  ]) {
    assert.deepEqual(parseControlFile(build(wish), 'x'), {
      systemIdentifier: '17446744073709551000',
      timeline: 12,
      redoLsn: '1/AB000028',
      state: 'in production',
    });
  }
  assert.equal(parseControlFile(build({ state: 1 }), 'x').state, 'shut down');
  assert.equal(parseControlFile(build({ state: 5 }), 'x').state, 'in archive recovery');
});

test('one flipped bit anywhere under the seal is noticed', () => {
  const whole = build();
  for (let at = 0; at < 296; at++) {
    const bytes = Buffer.from(whole);
    bytes[at]! ^= 1 << (at % 8);
    assert.equal(hasValidCrc(bytes), false, `byte ${at}`);
    assert.throws(() => parseControlFile(bytes, 'x'), /HaleError: x (is damaged|has a layout)/, `byte ${at}`);
  }
});

test('damaged and unknown are told apart', async () => {
  const damaged = { code: 'HALE_PLATFORM_POSTGRES_CONTROL_FILE' };
  const unknown = { code: 'HALE_PLATFORM_POSTGRES_CONTROL_VERSION' };
  assert.throws(() => parseControlFile(Buffer.alloc(0), 'x'), damaged);
  assert.throws(() => parseControlFile(Buffer.alloc(8192), 'x'), damaged);
  assert.throws(() => parseControlFile(build().subarray(0, 250), 'x'), damaged);
  assert.throws(() => parseControlFile(build({ state: 7 }), 'x'), damaged);
  assert.throws(() => parseControlFile(build({ state: -1 }), 'x'), damaged);
  assert.throws(() => parseControlFile(build({ version: 1201 }), 'x'), unknown);
  assert.throws(() => parseControlFile(build({ version: 1900 }), 'x'), unknown);
  const swapped = build();
  swapped.writeUInt32BE(1800, 8);
  assert.throws(() => parseControlFile(swapped, 'x'), unknown);
  await assert.rejects(readControlFile('/nonexistent'), damaged);
});
