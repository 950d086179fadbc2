// `node tools/docs.ts`: writes the pages of docs/reference that come from the code. Whether they are what it would write, is a test of
// `npm run check` (docs/pages.test.ts).
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generatedPages } from './docs/pages.ts';
import { repository } from './source.ts';

for (const [path, text] of Object.entries(await generatedPages())) {
  const file = join(repository, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
