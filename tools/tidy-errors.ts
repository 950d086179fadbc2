// Error codes and their documentation, compared both ways: a code that is used but not explained, and an
// explanation of a code that nobody uses, are both findings.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, repository, type SourceFile } from './source.ts';

const page = 'docs/reference/errors.md';
const pattern = /['"`](HALE_[A-Z]+_[A-Z0-9_]+)['"`]/g;
const rooms = ['BASE', 'MODEL', 'RESILIENCE', 'SDK', 'PLATFORM', 'CONTROL', 'DRILL', 'CLI'];

/** Codes are HALE_<ROOM>_<WHAT>; names of environment variables do not start with a room and are passed over. */
function isErrorCode(text: string): boolean {
  return rooms.some((room) => text.startsWith(`HALE_${room}_`));
}

export function errorTableFindings(sources: readonly SourceFile[]): readonly Finding[] {
  const used = new Map<string, { path: string; line: number }>();
  for (const source of sources) {
    if (source.isTest || source.room === 'tools') continue;
    for (const [index, line] of source.lines.entries()) {
      for (const match of line.matchAll(pattern)) {
        const code = match[1] ?? '';
        if (isErrorCode(code) && !used.has(code)) used.set(code, { path: source.path, line: index + 1 });
      }
    }
  }
  const file = join(repository, page);
  const documented = new Set(
    existsSync(file)
      ? [...readFileSync(file, 'utf8').matchAll(/^\| `(HALE_[A-Z0-9_]+)`/gm)].map((match) => match[1] ?? '')
      : [],
  );
  const missing = [...used]
    .filter(([code]) => !documented.has(code))
    .map(([code, place]) => ({ ...place, message: `${code} is not explained in ${page}` }));
  const stale = [...documented]
    .filter((code) => !used.has(code))
    .map((code) => ({ path: page, line: 1, message: `${code} is explained but nobody uses it` }));
  return [...missing, ...stale];
}
