// `node tools/docs.ts`: writes the pages of docs/reference that come from the code. `--check` writes nothing and fails where a
// page is not what it would write: that is a step of `npm run check`.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliPage } from './docs/cli-page.ts';
import { errorsPage } from './docs/errors-page.ts';
import { readSources, repository } from './source.ts';

const folder = join(repository, 'docs/reference');
const pages: Readonly<Record<string, string>> = { 'errors.md': errorsPage(readSources()), 'cli.md': cliPage() };

mkdirSync(folder, { recursive: true });
for (const [name, text] of Object.entries(pages)) {
  const file = join(folder, name);
  const written = `${text.trimEnd()}\n`;
  if (!process.argv.includes('--check')) writeFileSync(file, written);
  else if (!existsSync(file) || readFileSync(file, 'utf8') !== written) {
    console.error(`docs/reference/${name}:1  is not what the code says: run node tools/docs.ts`);
    process.exitCode = 1;
  }
}
