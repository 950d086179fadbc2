#!/usr/bin/env node
// Builds the page into dist/, and only when something it is made of has changed: the hash of the sources is kept in
// dist/.sources, so the usual `npm start` pays a few milliseconds. A page that is being read is never broken: the new
// files are made aside, moved in beside the old ones, index.html last, and only then the old ones go.
import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const room = import.meta.dirname;
/** The folder to serve; index.html is its first page. */
export const assetFolder = join(room, 'dist');

/**
 * Builds the dashboard.
 * @param {{ if?: 'changed' | 'always' }} [options] 'changed' (default): does nothing when dist/ was made of these very sources.
 * @returns {Promise<{ built: boolean, folder: string }>}
 * @throws when Vite is not installed or the sources do not compile; the old dist/ stays as it was.
 */
export async function buildDashboard(options = {}) {
  const wanted = hashSources();
  if (options.if !== 'always' && readOr(join(assetFolder, '.sources')) === wanted) {
    return { built: false, folder: assetFolder };
  }
  const { build } = await import('vite').catch((cause) => {
    throw new Error('Vite is not installed, so the dashboard cannot be built: run npm ci', { cause });
  });
  const aside = join(assetFolder, `.next-${process.pid}`);
  try {
    await build({
      configFile: join(room, 'vite.config.mjs'),
      logLevel: 'warn',
      build: { outDir: aside, emptyOutDir: true },
    });
    moveIn(aside);
    writeFileSync(join(assetFolder, '.sources'), wanted);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  return { built: true, folder: assetFolder };
}

/** Everything the page is made of, its tools' versions included. Tests and the end-to-end server are not part of it. */
function hashSources() {
  const hash = createHash('sha256');
  const files = globSync(['src/**/*.{ts,tsx,css}', 'public/*', 'index.html', 'package.json', '*.mjs'], { cwd: room })
    .filter((path) => !path.endsWith('.test.ts'))
    .sort();
  for (const path of files)
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(room, path)))
      .update('\0');
  return hash.digest('hex');
}

function moveIn(aside) {
  const made = globSync('**/*.*', { cwd: aside }).sort(
    (a, b) => Number(a === 'index.html') - Number(b === 'index.html'),
  );
  const old = globSync('**/*.*', { cwd: assetFolder }).filter((path) => !path.startsWith('.'));
  for (const path of made) {
    mkdirSync(dirname(join(assetFolder, path)), { recursive: true });
    renameSync(join(aside, path), join(assetFolder, path));
  }
  for (const path of old) if (!made.includes(path)) rmSync(join(assetFolder, path), { force: true });
}

function readOr(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

if (import.meta.main) {
  try {
    const { built, folder } = await buildDashboard({ if: process.argv.includes('--always') ? 'always' : 'changed' });
    console.log(built ? `dashboard built into ${folder}` : 'dashboard is up to date');
  } catch (error) {
    console.error(`dashboard: ${error.message}`);
    process.exitCode = 1;
  }
}
