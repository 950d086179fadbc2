// A log that grows, is cut by the keeper, or is not there yet: nothing is told twice, nothing hangs.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { followLog, readLastLines } from './log-tail.ts';

describe('log tail', () => {
  let folder = '';
  let file = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hale-log-'));
    file = join(folder, 'orders-0.log');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gives the last lines, going back into the cut part', () => {
    writeFileSync(`${file}.1`, 'a\nb\n');
    writeFileSync(file, 'c\nd\n');
    assert.deepEqual(readLastLines(file, 1), ['d']);
    assert.deepEqual(readLastLines(file, 3), ['b', 'c', 'd']);
    assert.deepEqual(readLastLines(file, 99), ['a', 'b', 'c', 'd']);
    assert.deepEqual(readLastLines(join(folder, 'none.log'), 5), []);
  });

  it('an endless line is clipped', () => {
    writeFileSync(file, 'x'.repeat(1_000_000));
    assert.ok((readLastLines(file, 1)[0]?.length ?? 0) < 20_000);
  });

  it('follows whole lines only, and starts again when the log was cut', () => {
    const log = followLog(file);
    assert.deepEqual(log.read(), []);
    writeFileSync(file, 'one\ntw');
    assert.deepEqual(log.read(), ['one']);
    appendFileSync(file, 'o\n');
    assert.deepEqual(log.read(), ['two']);
    truncateSync(file);
    writeFileSync(file, '3\n');
    assert.deepEqual(log.read(), ['3']);
  });
});
