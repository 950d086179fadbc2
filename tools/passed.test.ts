// What a room sees decides when its tests run again: too little seen would call old news a pass.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { seenBy } from './passed.ts';
import { importsOf, listFiles, roomOf, toSource } from './source.ts';

test('a room sees what it may import, and what that may', () => {
  assert.deepEqual([...(seenBy('healer') ?? [])], ['healer', 'base', 'model']);
  assert.ok(seenBy('drill')?.has('healer'));
  assert.ok(seenBy('sdk')?.has('resilience'));
  assert.equal(seenBy('tools'), undefined, 'everything');
  assert.equal(seenBy('a room that the law does not know'), undefined, 'everything');
});

test('no test of a room that does not see everything imports what its room does not see, or climbs out of it', () => {
  for (const path of listFiles(['.test.ts', '.contract.ts', 'testing.ts'])) {
    const seen = seenBy(roomOf(path));
    if (seen === undefined || path.endsWith('.live.test.ts')) continue;
    const text = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
    for (const { specifier } of importsOf(toSource(path, text))) {
      const room = /^@hale\/([a-z-]+)/.exec(specifier)?.[1];
      assert.ok(room === undefined || seen.has(room), `${path} imports ${specifier}`);
    }
    const climb = new RegExp(`\\b(?:URL|join|resolve)\\([^)]*(?:\\.\\./){${path.split('/').length - 2},}`);
    assert.doesNotMatch(text, climb, `${path} climbs out of its room`);
  }
});
