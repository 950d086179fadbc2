// No life of the old house is named in the new one, and what belonged together still does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renamed } from './renamed.ts';

test('incarnations are exchanged, each for one, and the rest is left', () => {
  const [web, db] = ['01M8GHKVQBZX62V0DF32JQJ85V', '01M8GHKVQB47G8WR43WRPG410K'];
  const old = { id: 'a-b-c', open: web, lives: [web, db], text: 'ABCDEFGH0123', seq: 12, n: 1.5 };
  const fresh = JSON.parse(renamed(JSON.stringify(old), { 'a-b-c': 'd-e-f' })) as typeof old;
  assert.deepEqual({ ...fresh, open: '', lives: [] }, { ...old, id: 'd-e-f', open: '', lives: [] });
  assert.equal(fresh.open, fresh.lives[0]);
  assert.notEqual(fresh.lives[0], web);
  assert.notEqual(fresh.lives[0], fresh.lives[1]);
  assert.equal(fresh.lives[0]?.slice(0, 10), web.slice(0, 10), 'they still sort by their moment');
});
