// The sign on the folder: one at a time, and signs of the dead are taken down.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Clock } from '@hale/base';
import { createVirtualClock } from '@hale/base/testing';
import type { Host } from '../host.ts';
import { createTerminal } from '../terminal/terminal.ts';
import { withFolderLock, withFolderLockIfPossible } from './folder-lock.ts';
import { startTimeOf } from './process-table.ts';

const time = createVirtualClock();
/** Whatever is waited for comes at once. */
const clock: Clock = {
  ...time,
  after(ms, fn) {
    setImmediate(() => time.advance(ms));
    return time.after(ms, fn);
  },
};

const host: Host = {
  terminal: createTerminal({ stdout: new PassThrough(), stderr: new PassThrough(), env: {} }),
  clock,
  env: {},
  cwd: '/',
  onInterrupt: () => () => {},
};

describe('the sign on a folder', () => {
  let root = '';
  const sign = () => join(root, '.hale', 'occupied');
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'hale-lock-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('stands while work goes on, and is gone after, also when it failed', async () => {
    await withFolderLock(host, root, async () => assert.ok(existsSync(sign())));
    await assert.rejects(
      withFolderLock(host, root, () => Promise.reject(new Error('no'))),
      /no/,
    );
    assert.deepEqual(readdirSync(join(root, '.hale')), []);
  });

  const dead = ['', 'nonsense', '999999999 5', '1 0'];
  for (const text of dead) {
    it(`a sign of nobody is taken down: ${JSON.stringify(text)}`, async () => {
      mkdirSync(join(root, '.hale'));
      writeFileSync(sign(), text);
      assert.equal(await withFolderLock(host, root, async () => 'done'), 'done');
    });
  }

  it('who stops a system does so where no sign can be put up, and hides no other error', async () => {
    // Nobody may make a folder there, not even root.
    if (existsSync('/sys')) assert.equal(await withFolderLockIfPossible(host, '/sys', async () => 'done'), 'done');
    const full = Object.assign(new Error('no room'), { code: 'ENOSPC' });
    await assert.rejects(
      withFolderLockIfPossible(host, root, () => Promise.reject(full)),
      /no room/,
    );
    assert.deepEqual(readdirSync(join(root, '.hale')), []);
  });

  it('a sign of a living process is waited for', async () => {
    mkdirSync(join(root, '.hale'));
    writeFileSync(sign(), `${process.ppid} ${startTimeOf(process.ppid) ?? ''}`);
    let done = false;
    const waiting = withFolderLock(host, root, async () => {
      done = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(done, false);
    rmSync(sign());
    await waiting;
    assert.equal(done, true);
  });
});
