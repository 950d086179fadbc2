// Where the clerk sits down after a promotion, and what it says to the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSettings } from './auto-conf.ts';
import { nextPlace } from './timeline-step.ts';
import { readMessage, statusMessage } from './wal-messages.ts';

test('on its own timeline as long as the server was on it; then at the segment of the fork', () => {
  const two = '1\t0/1C2\tno recovery target specified\n';
  const three = `${two}2\t0/28A\tbefore 2026\n`;
  const rows: readonly [what: string, timeline: number, at: bigint, server: number, history: string, next: string][] = [
    ['the same one', 2, 700n, 2, two, '2@700'],
    ['behind the fork: the rest of its own first', 1, 400n, 2, two, '1@400'],
    ['at the fork', 1, 450n, 2, two, '2@400'],
    ['beyond it: the server left earlier', 1, 480n, 2, two, '2@400'],
    ['one after the other', 1, 450n, 3, three, '2@400'],
    ['and then the next', 2, 650n, 3, three, '3@600'],
    ['on a timeline that the server never was on', 4, 900n, 3, three, '3@600'],
  ];
  for (const [what, timeline, at, server, history, next] of rows) {
    const place = nextPlace({ timeline, at }, server, history, 100);
    assert.equal(`${place.timeline}@${place.at}`, next, what);
  }
});

test('the three sentences', () => {
  const data = Buffer.concat([Buffer.from('w'), Buffer.alloc(24), Buffer.from('log')]);
  data.writeBigUInt64BE(0x1_0000_0010n, 1);
  assert.deepEqual(readMessage(data), { kind: 'data', start: 0x1_0000_0010n, bytes: Buffer.from('log') });
  const alive = Buffer.concat([Buffer.from('k'), Buffer.alloc(16), Buffer.from([1])]);
  assert.deepEqual(readMessage(alive), { kind: 'alive', replyWanted: true });
  assert.equal(readMessage(Buffer.from('?')), undefined);
  const status = statusMessage(77n, Date.parse('2000-01-01T00:00:01Z'));
  assert.deepEqual(
    [status.toString('latin1', 0, 1), status.readUInt32BE(1), status.toString('latin1', 5, 6)],
    ['d', status.length - 1, 'r'],
  );
  assert.deepEqual(
    [6, 14, 22, 30].map((at) => status.readBigInt64BE(at)),
    [77n, 77n, 77n, 1_000_000n],
  );
  assert.deepEqual([status[38], statusMessage(77n, 0, true)[38]], [0, 1], 'whether an answer is wanted');
});

test('of ALTER SYSTEM stays what is a matter of taste', () => {
  const text =
    "# Do not edit\nwork_mem = '8MB'\nsynchronous_standby_names = 'a'\nprimary_conninfo='x'\nrecovery_target_time = 'y'\n";
  assert.equal(withoutSettings(text), "# Do not edit\nwork_mem = '8MB'\n");
});
