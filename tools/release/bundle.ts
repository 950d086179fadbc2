// The release's press: all that a door reaches becomes one file. Reading fifty small files costs a program more time at its start than running
// them; types stay as they are, file by file, since nobody loads those. Done by Vite, which builds the dashboard anyway; nothing is
// minified, so a stack still names what it means.
import { globSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { repository } from '../source.ts';

interface Vite {
  build(config: object): Promise<unknown>;
}

/** Replaces the JavaScript below `dist` by one file for each of `doors` (paths below it). Doors share no state by their modules. */
export async function bundleDoors(dist: string, doors: readonly string[]): Promise<void> {
  const { build } = await borrowVite();
  const pressed = join(dist, '.pressed');
  for (const door of doors) {
    await build({
      configFile: false,
      logLevel: 'warn',
      build: {
        lib: { entry: join(dist, door), formats: ['es'], fileName: () => basename(door) },
        outDir: join(pressed, dirname(door)),
        emptyOutDir: false,
        minify: false,
        target: 'es2024',
      },
    });
  }
  for (const file of globSync('**/*.js', { cwd: dist, exclude: ['.pressed/**'] })) rmSync(join(dist, file));
  for (const door of doors) renameSync(join(pressed, door), join(dist, door));
  rmSync(pressed, { recursive: true });
}

/** The dashboard's own: no second copy is declared for the sake of a release. */
async function borrowVite(): Promise<Vite> {
  const path = createRequire(join(repository, 'packages/dashboard/package.json')).resolve('vite');
  return (await import(pathToFileURL(path).href)) as Vite;
}
