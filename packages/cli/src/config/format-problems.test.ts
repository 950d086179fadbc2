// How problems look on a screen.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '@hale/base';
import { formatProblems } from './format-problems.ts';

const problems: readonly Problem[] = [
  { severity: 'warning', path: 'zones[1]', message: 'twice', hint: 'remove one', line: 2 },
  { severity: 'error', path: 'services.a.run', message: 'there is no file a.ts', hint: 'write it', line: 9 },
  { severity: 'error', path: '', message: 'no default export', hint: 'write one' },
];

test('errors first, in order of line, with a count', () => {
  assert.equal(
    formatProblems(problems, { file: '/srv/shop/hale.config.ts', from: '/srv/shop', colour: false }),
    [
      'hale.config.ts error no default export\n    write one',
      'hale.config.ts:9 error services.a.run: there is no file a.ts\n    write it',
      'hale.config.ts:2 warning zones[1]: twice\n    remove one',
      '2 errors, 1 warning',
    ].join('\n'),
  );
});

test('nothing to say', () => assert.equal(formatProblems([], { file: undefined, colour: true }), ''));

test('colour only when asked for', () => {
  assert.ok(formatProblems(problems, { file: undefined, colour: true }).includes('\x1b[31merror'));
  assert.ok(!formatProblems(problems, { file: undefined, colour: false }).includes('\x1b'));
});
