// Which files the linter need not look at again: it judges each by itself (no rule in use looks beyond its file), so one that it found
// right stays right until the file, the settings or the linter changes. Kept beside the packages, like the compiler's notes: after a
// fresh `npm ci` it looks at all.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from './passed.ts';
import { repository } from './source.ts';

const notesFile = join(cacheFolder, 'linted.json');

export interface Linted {
  /** Those that it has not found right as they are now. */
  readonly left: readonly string[];
  /** They are right now. */
  add(): void;
}

export function readLinted(files: ReadonlyMap<string, string>): Linted {
  const rules = createHash('sha256').update(read(join(repository, 'node_modules/@biomejs/biome/package.json')));
  for (const settings of ['biome.json', '.gitignore']) rules.update(`${files.get(settings)}\0`);
  const head = rules.digest('hex');
  const noteOf = (sum: string) => createHash('sha256').update(head).update(sum).digest('base64url').slice(0, 22);
  const kinds = [...files].filter(([path]) => /\.(ts|tsx|mjs|json)$/.test(path) && path !== 'package-lock.json');
  const notes = new Map(kinds.map(([path, sum]) => [path, noteOf(sum)]));
  const known = parse(read(notesFile));
  return {
    left: [...notes].flatMap(([path, note]) => (known[path] === note ? [] : [path])),
    add() {
      mkdirSync(cacheFolder, { recursive: true });
      writeFileSync(notesFile, JSON.stringify(Object.fromEntries(notes)));
    },
  };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function parse(text: string): Readonly<Record<string, string>> {
  try {
    return JSON.parse(text) as Record<string, string>;
  } catch {
    return {};
  }
}
