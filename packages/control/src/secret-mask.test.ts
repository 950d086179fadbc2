// The black pen: every form of a secret, nothing else, and nothing copied where nothing was found.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createLog } from './log.ts';
import { createSecretMask } from './secret-mask.ts';

const maskOf = (...values: string[]) => {
  const mask = createSecretMask();
  mask.learn(values);
  return mask;
};

const cases: [string, string[], string, string][] = [
  ['plain', ['hunter2'], 'key=hunter2;', 'key=[secret];'],
  ['twice', ['hunter2'], 'hunter2 hunter2', '[secret] [secret]'],
  ['in JSON', ['say "hi" now'], String.raw`{"a":"say \"hi\" now"}`, '{"a":"[secret]"}'],
  ['in a URL', ['p@ss/word'], 'postgres://u:p%40ss%2Fword@h', 'postgres://u:[secret]@h'],
  ['nobody named it, but it stands in a URL', [], 'at postgres://u:pw@h/db', 'at postgres://u:[secret]@h/db'],
  ['an address is none', [], 'http://127.0.0.1:80/a@b', 'http://127.0.0.1:80/a@b'],
  ['one line of many', ['-----KEY\nabcdef\n'], 'error near abcdef', 'error near [secret]'],
  ['the longer first', ['abcd', 'abcdefgh'], 'abcdefgh', '[secret]'],
  ['too short to be one', ['1'], 'port 1', 'port 1'],
  ['signs of a regular expression', ['a.*b$'], 'a.*b$ axxb', '[secret] axxb'],
];
for (const [title, values, given, expected] of cases) {
  it(`masks a secret: ${title}`, () => assert.equal(maskOf(...values).text(given), expected));
}

it('masks deep inside, and gives back the same object when there is nothing to hide', () => {
  const mask = maskOf('hunter2');
  const clean = { a: [{ b: 'x' }], n: 1, u: undefined };
  assert.equal(mask.deep(clean), clean);
  assert.deepEqual(mask.deep({ a: [{ b: 'is hunter2' }, 'y'], n: null }), { a: [{ b: 'is [secret]' }, 'y'], n: null });
});

it('INV-12: the diary of control is masked too', () => {
  const lines: string[] = [];
  const log = createLog(maskOf('hunter2'), (line) => lines.push(line));
  log.error('it failed', new Error('login with hunter2 refused'));
  log.info('fact', { url: 'x?key=hunter2' });
  assert.equal(lines.length, 2);
  assert.ok(lines.every((line) => line.includes('[secret]') && !line.includes('hunter2')));
});
