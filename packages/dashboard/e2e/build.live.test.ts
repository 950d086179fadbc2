// The build: nothing to do twice, a whole page after it, and nothing in the page that a strict content policy forbids.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assetFolder, buildDashboard } from '../build.mjs';

test('builds once, then only when something changed', async () => {
  await buildDashboard();
  assert.deepEqual(await buildDashboard({ if: 'changed' }), { built: false, folder: assetFolder });
  assert.equal((await buildDashboard({ if: 'always' })).built, true);
  assert.equal((await buildDashboard()).built, false);
  assert.deepEqual(
    readdirSync(assetFolder).filter((name) => name.startsWith('.next-')),
    [],
  );
});

test('the page is whole, and nothing in it is inline or from elsewhere', async () => {
  await buildDashboard();
  const html = readFileSync(join(assetFolder, 'index.html'), 'utf8');
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  assert.equal(files.length, 3);
  for (const file of files) {
    assert.match(file, /^\//);
    assert.ok(existsSync(join(assetFolder, file)), `${file} is missing`);
  }
  assert.doesNotMatch(html, /<style|\sstyle=|<script(?![^>]*\ssrc=)/);
});
