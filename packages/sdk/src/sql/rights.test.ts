// The one refusal that has a command is told with it; every other error stays as it came.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withRemedy } from './rights.ts';

const refused = (message: string, code = '42501') =>
  Object.assign(new Error(message), { code, severity: 'ERROR', hint: 'as it was' });

test('an extension that only a superuser makes names the command', () => {
  const error = refused('permission denied to create extension "postgis"');
  assert.equal(withRemedy(error), error);
  assert.match(error.hint, /hale sql 'create extension "postgis"'/);
});

test('everything else stays as it came', () => {
  for (const error of [
    refused('permission denied for table t'),
    refused('permission denied to create extension "x"', '42P01'),
  ])
    assert.equal((withRemedy(error) as typeof error).hint, 'as it was');
  assert.equal(withRemedy('a word'), 'a word');
});
