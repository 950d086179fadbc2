// The pages of docs/reference that come from the code, by their path, as they should be.
import { readSources } from '../source.ts';
import { cliPage } from './cli-page.ts';
import { errorsPage } from './errors-page.ts';

export async function generatedPages(): Promise<Readonly<Record<string, string>>> {
  const pages = { 'errors.md': errorsPage(readSources()), 'cli.md': await cliPage() };
  return Object.fromEntries(
    Object.entries(pages).map(([name, text]) => [`docs/reference/${name}`, `${text.trimEnd()}\n`]),
  );
}
