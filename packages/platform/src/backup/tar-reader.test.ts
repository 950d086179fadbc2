// The unpacker against the tar of this machine's own hand, in pieces of every size.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTarReader } from './tar-reader.ts';

function header(path: string, kind: string, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(path, 0, 'utf8');
  block.write('0000600\0', 100, 'latin1');
  block.write(`${size.toString(8).padStart(11, '0')} `, 124, 'latin1');
  block.write(kind, 156, 'latin1');
  block.write('ustar\0', 257, 'latin1');
  if (kind === '2') block.write('/elsewhere', 157, 'latin1');
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function file(path: string, content: Buffer): Buffer {
  return Buffer.concat([
    header(path, '0', content.length),
    content,
    Buffer.alloc((512 - (content.length % 512)) % 512),
  ]);
}

const whole = Buffer.concat([
  file('backup_label', Buffer.from('START')),
  header('./base/1/', '5', 0),
  file('base/1/empty', Buffer.alloc(0)),
  file('base/1/exact', Buffer.alloc(1024, 7)),
  header('pg_tblspc/1', '2', 0),
  file('last', Buffer.alloc(700, 9)),
  Buffer.alloc(1024),
]);

async function read(bytes: Buffer, step: number): Promise<string[]> {
  const seen: string[] = [];
  let size = 0;
  const reader = createTarReader({
    entry: (entry) => void seen.push(`${entry.kind} ${entry.path}`),
    data: (piece) => {
      size += piece.length;
    },
    end: () => {
      seen.push(`= ${size}`);
      size = 0;
    },
  });
  for (let at = 0; at < bytes.length; at += step) await reader.write(bytes.subarray(at, at + step));
  reader.finish();
  return seen;
}

test('files, folders and links come out whole, however they come in', async () => {
  const expected = [
    'file backup_label',
    '= 5',
    'folder base/1',
    'file base/1/empty',
    '= 0',
    'file base/1/exact',
    '= 1024',
  ];
  for (const step of [1, 7, 511, 512, 513, 100_000]) {
    assert.deepEqual(
      await read(whole, step),
      [...expected, 'link pg_tblspc/1', 'file last', '= 700'],
      `${step} bytes a time`,
    );
  }
});

test('a scratched header and a stream that stops in the middle are found', async () => {
  const scratched = Buffer.from(whole);
  scratched[3] = 0;
  await assert.rejects(read(scratched, 512), TypeError);
  await assert.rejects(read(whole.subarray(0, 514), 512), TypeError);
});
