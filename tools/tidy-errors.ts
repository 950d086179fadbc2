// Error codes and their tables: a code that is thrown and stands in no table, and one that stands in a table and is thrown by
// nobody, are both findings. The page docs/reference/errors.md is written from the tables (tools/docs.ts).
import type { Finding, SourceFile } from './source.ts';

const rooms = ['BASE', 'MODEL', 'RESILIENCE', 'SDK', 'PLATFORM', 'CONTROL', 'DRILL', 'CLI'];
const code = /\bHALE_[A-Z]+_[A-Z0-9_]*[A-Z0-9]\b(?!_)/g;

/** Codes are HALE_<ROOM>_<WHAT>; names of environment variables do not start with a room and are passed over. */
const isErrorCode = (text: string) => rooms.some((room) => text.startsWith(`HALE_${room}_`));

interface Place {
  readonly path: string;
  readonly line: number;
}

/** What explains: a key of a table in errors.ts, or a `code:` with its `hint:` beside it. Whatever is not a key is a use. */
export function readCodes(sources: readonly SourceFile[]): {
  readonly explained: ReadonlyMap<string, Place>;
  readonly used: ReadonlyMap<string, Place>;
} {
  const explained = new Map<string, Place>();
  const used = new Map<string, Place>();
  for (const source of sources) {
    if (source.isTest || source.room === 'tools' || source.room === 'bench') continue;
    for (const [index, line] of source.lines.entries()) {
      if (/^\s*(\/\/|\*|\/\*)/.test(line)) continue;
      for (const match of line.matchAll(code)) {
        const [name] = match;
        if (!isErrorCode(name)) continue;
        const before = line.slice(0, match.index);
        const after = line.slice(match.index + name.length);
        const place = { path: source.path, line: index + 1 };
        const isKey = source.path.endsWith('errors.ts') && /^\s*$/.test(before) && after.startsWith(':');
        const hasHint =
          /\bcode: '$/.test(before) &&
          source.lines
            .slice(index, index + 4)
            .join()
            .includes('hint');
        if (isKey || hasHint) explained.set(name, place);
        if (!isKey) used.set(name, place);
      }
    }
  }
  return { explained, used };
}

export function errorTableFindings(sources: readonly SourceFile[]): readonly Finding[] {
  const { explained, used } = readCodes(sources);
  const missing = [...used]
    .filter(([name]) => !explained.has(name))
    .map(([name, place]) => ({ ...place, message: `${name} stands in no table: add it to errors.ts of its room` }));
  const stale = [...explained]
    .filter(([name]) => !used.has(name))
    .map(([name, place]) => ({ ...place, message: `${name} is thrown by nobody: remove it` }));
  return [...missing, ...stale];
}
