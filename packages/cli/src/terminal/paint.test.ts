// Widths and cuts are counted in what is seen, not in what is sent.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createPaint, cut, padEnd, tame, widthOf, wrapText } from './paint.ts';

const { bad } = createPaint(true);

describe('paint', () => {
  it('escapes take no room', () => {
    assert.equal(widthOf(bad('held')), 4);
    assert.equal(widthOf(padEnd(bad('held'), 8)), 8);
  });

  const cuts: [text: string, width: number, shown: string][] = [
    ['short', 10, 'short'],
    ['exactly', 7, 'exactly'],
    ['too long', 5, 'too …'],
    ['✓✓✓✓', 3, '✓✓…'],
    ['anything', 0, ''],
    [bad('red and long'), 4, '\u001b[31mred…\u001b[0m'],
  ];
  for (const [text, width, shown] of cuts)
    it(`cuts ${JSON.stringify(text)} to ${width}`, () => assert.equal(cut(text, width), shown));

  it('breaks between words', () => assert.equal(wrapText('one two three', 8, '  '), 'one two\n  three'));
  it('text from outside cannot steer the terminal', () =>
    assert.equal(tame('a\u001b[2J\u0007b\u001b]0;title\u0007c'), 'abc'));
});
