// The page docs/reference/policies.md claims 29 features and names a test for each: here the claims are held against the files.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const root = new URL('../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

test('every feature of the page is shown by a test that exists', () => {
  const rows = read('docs/reference/policies.md')
    .split('\n')
    .map((line) => line.split(' | '))
    .filter((cells) => cells[2]?.startsWith('`packages/') === true);
  assert.equal(rows.length, 29);
  for (const [feature, , file = '', title = ''] of rows) {
    const text = read(file.replaceAll('`', ''));
    assert.ok(text.includes(title.replace(/ \|$/, '')), `${feature}: no test '${title}' in ${file}`);
  }
});
