// Seeds that once failed stay for ever: each line of seeds/found.txt is played again. Those from before there were database clusters
// are played without one as well, as they were found.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { playGame } from './game.ts';
import { drawStandbys } from './systems.ts';

const lines = readFileSync(new URL('../../seeds/found.txt', import.meta.url), 'utf8').split('\n');
const seeds = lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => Number(line.split(/\s+/)[0]));

test(`the ${seeds.length} seeds that once failed`, () => {
  assert.ok(seeds.length > 0 && seeds.every(Number.isInteger));
  for (const seed of seeds) {
    assert.deepEqual(playGame({ seed }).breaches, [], `npm run sim -- --seed ${seed} --trace`);
    if (drawStandbys(seed) > 0)
      assert.deepEqual(playGame({ seed, standbys: 0 }).breaches, [], `${seed} without standbys`);
  }
});
