// The generated pages of docs/reference are what the code says.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from '../source.ts';
import { generatedPages } from './pages.ts';

for (const [path, text] of Object.entries(await generatedPages())) {
  test(`${path} is what the code says`, () => {
    const file = join(repository, path);
    const written = existsSync(file) ? readFileSync(file, 'utf8') : '';
    assert.ok(text.split('\n').length > 20, 'a page of the code is longer');
    assert.ok(written === text, `${path} is not what the code says: run node tools/docs.ts`);
  });
}
