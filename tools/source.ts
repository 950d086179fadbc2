// Reads the repository as text: which files there are, which room each lives in, what each imports. Our own
// tools read text because the compiler has no stable API; the formatter keeps the text regular enough.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = dirname(dirname(fileURLToPath(import.meta.url)));

export interface SourceFile {
  /** Path from the repository's root. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  /** 'base', 'healer', ..., 'bench', 'examples', 'tools', or 'none'. */
  readonly room: string;
  readonly isTest: boolean;
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Every file that git tracks or would track, whose name ends in one of `endings`. */
export function listFiles(endings: readonly string[]): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', args, { cwd: repository, encoding: 'utf8', maxBuffer: 64e6 });
  return [...new Set(listed.split('\0'))].filter((path) => endings.some((ending) => path.endsWith(ending))).sort();
}

/** All TypeScript and our plain JavaScript, read. Files that vanished while we looked are left out. */
export function readSources(): readonly SourceFile[] {
  return listFiles(['.ts', '.tsx', '.mjs']).flatMap((path) => {
    try {
      return [toSource(path, readFileSync(join(repository, path), 'utf8'))];
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  });
}

export function toSource(path: string, text: string): SourceFile {
  return { path, text, lines: text.split('\n'), room: roomOf(path), isTest: isTestPath(path) };
}

export function roomOf(path: string): string {
  const [top, second] = path.split('/');
  if (top === 'packages') return second ?? 'none';
  return top === 'bench' || top === 'examples' || top === 'tools' ? top : 'none';
}

function isTestPath(path: string): boolean {
  return /\.(test|contract)\.tsx?$/.test(path) || path.endsWith('/testing.ts') || path.includes('/e2e/');
}

/** Every module specifier of a file with its 1-based line: static, re-exported and dynamic imports. */
export function importsOf(source: SourceFile): readonly { specifier: string; line: number }[] {
  const pattern =
    /(?:^|[\s;}])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|^import\s*['"]([^'"]+)['"]/gm;
  const code = blankComments(source.text);
  return [...code.matchAll(pattern)].map((match) => ({
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
    line: code.slice(0, match.index + match[0].length).split('\n').length,
  }));
}

/** The text with comment bodies replaced by spaces, so that prose is never read as code. Strings stay. */
export function blankComments(text: string): string {
  const pattern = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
  return text.replace(pattern, (found) => (found.startsWith('/') ? found.replace(/[^\n]/g, ' ') : found));
}
