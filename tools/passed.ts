// Which rooms' tests need not run again: nothing that they can see has changed since they last passed. What a room can see is its own
// folder and those that the law lets it import, the lockfile, the settings of the compiler and the Node that runs; a room that may import
// everything sees the whole repository. Kept beside the packages, so a fresh `npm ci` knows nothing; `npm run check -- --all` asks nobody.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { law } from './law.ts';
import { listFiles, repository, roomOf } from './source.ts';

export const cacheFolder = join(repository, 'node_modules', '.cache', 'hale');
const passedFile = join(cacheFolder, 'passed.json');

export interface Passed {
  has(room: string): boolean;
  /** Their tests have just passed, as the files were when this began to look. */
  add(rooms: readonly string[]): void;
}

export function readPassed(files: ReadonlyMap<string, string>): Passed {
  const rooms = Object.fromEntries(Object.keys(law).map((room) => [room, fingerprintOf(room, files)]));
  const passed = readJson();
  return {
    has: (room) => rooms[room] !== undefined && passed[room] === rooms[room],
    add(all) {
      for (const room of all) if (rooms[room] !== undefined) passed[room] = rooms[room];
      mkdirSync(dirname(passedFile), { recursive: true });
      writeFileSync(passedFile, JSON.stringify(passed));
    },
  };
}

/** The room itself and all it may import, directly or not; undefined: everything. */
export function seenBy(room: string): ReadonlySet<string> | undefined {
  const seen = new Set([room]);
  for (const one of seen) {
    const may = law[one]?.may ?? ['*'];
    if (may.includes('*')) return undefined;
    for (const other of may) seen.add(other);
  }
  return seen;
}

function fingerprintOf(room: string, files: ReadonlyMap<string, string>): string {
  const seen = seenBy(room);
  const hash = createHash('sha256').update(process.version);
  for (const [path, sum] of files) {
    const of = roomOf(path);
    // What lies in no room (documents, goldens of tools) counts for those who see everything; the root's settings count for all.
    const counts = seen === undefined || seen.has(of) || !path.includes('/');
    if (counts) hash.update(`${path}\0${sum}\0`);
  }
  return hash.digest('hex');
}

/** Every file by its path, as it is now. */
export function hashFiles(): ReadonlyMap<string, string> {
  return new Map(
    listFiles(['']).flatMap((path) => {
      try {
        return [
          [
            path,
            createHash('sha256')
              .update(readFileSync(join(repository, path)))
              .digest('hex'),
          ] as const,
        ];
      } catch {
        // It vanished while we looked, or is no file.
        return [];
      }
    }),
  );
}

function readJson(): Record<string, string> {
  try {
    return JSON.parse(readFileSync(passedFile, 'utf8')) as Record<string, string>;
  } catch {
    return {};
  }
}
