// Seeds that once failed stay for ever: each line of seeds/found.txt is played again. Those from before there were database clusters
// are played without one, those from before these could be available or have another region with strict ones, and those from before there
// were relays without these, as they were found.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { tries } from '@hale/base/testing';
import { playGame } from './game.ts';
import { strict, type Temper } from './systems.ts';

const text = readFileSync(new URL('../../seeds/found.txt', import.meta.url), 'utf8');
const [before = '', later = ''] = text.split('# From here on systems have database clusters');
const [since = '', last = ''] = later.split('# From here on some databases prefer to be available');
const [latest = '', others = ''] = last.split(
  '# From here on games that were made to have a database of several nodes',
);
const [made = '', relayed = ''] = others.split('# From here on relays lead to databases of several nodes');

const tempers: Readonly<Record<string, Temper>> = { strict, distant: { mayGoAlone: true, distant: true } };

function seedsOf(part: string): readonly number[] {
  const lines = part.split('\n').filter((line) => /^\d/.test(line));
  return lines.map((line) => Number(line.split(/\s+/)[0]));
}

const relays = false;

/** All of them in `npm test`; in `npm run check` the newest. */
const newest = <T>(seeds: readonly T[]) => seeds.slice(-tries(4, seeds.length));

test('the seeds that once failed', () => {
  assert.ok(seedsOf(before).length >= 20 && seedsOf(since).length >= 10);
  for (const seed of newest(seedsOf(before)))
    assert.deepEqual(playGame({ seed, standbys: 0 }).breaches, [], `seed ${seed}`);
  for (const seed of newest(seedsOf(since)))
    assert.deepEqual(playGame({ seed, temper: strict, relays }).breaches, [], `seed ${seed}`);
  for (const seed of newest(seedsOf(latest))) assert.deepEqual(playGame({ seed, relays }).breaches, [], `seed ${seed}`);
  const games = made.split('\n').flatMap((line) => /^(\d+) (\d) (strict|distant) /.exec(line) ?? []);
  assert.ok(games.length >= 8);
  for (let at = 0; at < games.length; at += 4) {
    const [, seed, standbys, temper] = games.slice(at, at + 4);
    const options = { seed: Number(seed), standbys: Number(standbys), temper: tempers[temper ?? ''], relays };
    assert.deepEqual(playGame(options).breaches, [], JSON.stringify(options));
  }
  for (const seed of newest(seedsOf(relayed)))
    assert.deepEqual(playGame({ seed }).breaches, [], `npm run sim -- --seed ${seed} --trace`);
});
